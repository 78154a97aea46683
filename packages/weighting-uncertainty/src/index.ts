export { uncertainty, type UncertaintyOptions } from "./uncertainty.ts";
