export type { Fault, FaultCode } from "./faults.ts";
export { inspectLibraries } from "./libraries.ts";
