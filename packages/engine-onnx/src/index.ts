export { type CompileReport } from "@polytask/compiled";
export {
  type ExportedModel,
  type ExportedTensor,
  exportOnnx,
  type ExportOptions,
} from "./export/index.ts";
export { onnx } from "./onnx.ts";
export { type OnnxOptions } from "./options.ts";
