export * from "./graph.ts";
export { type KernelCall, type Lowering, type Lowerings, registerLowering } from "./lowering.ts";
export * from "./node.ts";
export * as ops from "./ops/index.ts";
export { trace, type Tracer } from "./trace.ts";
