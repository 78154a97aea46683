export { cgc, type CgcOptions } from "./cgc.ts";
export { ple, type PleOptions } from "./ple.ts";
