export { type Arena, type ArenaOptions, createArena, regionBytes } from "./arena.ts";
export { createJsKernels, createKernels, type KernelOptions } from "./create-kernels.ts";
export type {
  AdamRule,
  AdamStep,
  Kernels,
  LinearKernels,
  Mode,
  MomentumRule,
  OptimizerKernels,
  RowKernels,
} from "./kernels.ts";
