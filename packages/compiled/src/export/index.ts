export {
  areFixed,
  type Dim,
  fixedDims,
  isFixed,
  type PerExample,
  plus,
  product,
  sameDim,
  sameDims,
  times,
} from "./dim.ts";
export { type Obstacle, type Refuse } from "./errors.ts";
export { type ExportedModel, type ExportedTensor, type ExportOptions } from "./exported.ts";
export { type Inference, type InferenceInput, inferenceOf } from "./inference.ts";
export { type KnownMemory, pieceKey } from "./known-memories.ts";
export { type Value, type ValueOf } from "./value.ts";
