export { traceNorm, type TraceNormOptions } from "./trace-norm.ts";
