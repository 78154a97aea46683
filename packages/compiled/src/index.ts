export { type CompileReport } from "./compiler.ts";
export {
  coversDevice,
  fewRows,
  inSegments,
  rewrite,
  type Segment,
  type Segments,
  type Store,
  whileOneGroup,
} from "./device/index.ts";
export { createCompiledEngine } from "./engine.ts";
export { withFallback } from "./fallback.ts";
export { pieceOf, type Values } from "./memory.ts";
export {
  type CompiledSettings,
  type DeviceRuntime,
  type DeviceTensor,
  type Loader,
  type Program,
  type Runtime,
  type Wiring,
} from "./runtime.ts";
