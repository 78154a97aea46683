export { mlMmoe, type MlMmoeOptions } from "./ml-mmoe.ts";
export { mmoe, type MmoeOptions } from "./mmoe.ts";
export { omoe, type OmoeOptions } from "./omoe.ts";
