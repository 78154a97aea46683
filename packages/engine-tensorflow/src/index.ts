export { type CompileReport } from "@polytask/compiled";
export {
  type ExportedModel,
  type ExportedTensor,
  type ExportOptions,
} from "@polytask/compiled/export";
export { exportSavedModel } from "./export/index.ts";
export { tensorflow } from "./tensorflow.ts";
export { type TensorflowOptions } from "./options.ts";
