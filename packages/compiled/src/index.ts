export { type CompileReport } from "./compiler.ts";
export {
  fewRows,
  inSegments,
  rewrite,
  type Segment,
  type Segments,
  type Store,
} from "./device/index.ts";
export { type EngineStart, startEngine } from "./start-engine.ts";
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
