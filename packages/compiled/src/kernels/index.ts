export { type Arena, createArena, regionBytes } from "./arena.ts";
export { createJsKernels, createKernels } from "./create-kernels.ts";
export type { Kernels } from "./kernels.ts";
