export { dwa, type DwaOptions } from "./dwa.ts";
