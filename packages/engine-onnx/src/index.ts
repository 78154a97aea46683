export { type CompileReport } from "@polytask/compiled";
export {
  type ExportedModel,
  type ExportedTensor,
  type ExportOptions,
} from "@polytask/compiled/export";
export { exportOnnx } from "./export/index.ts";
export { onnx } from "./onnx.ts";
export { type OnnxOptions } from "./options.ts";
