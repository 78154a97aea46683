export {
  type ExportedModel,
  type ExportedTensor,
  exportOnnx,
  type ExportOptions,
} from "./export-onnx.ts";
