export { type CompileReport } from "./compiler.ts";
export { onnx } from "./onnx.ts";
export { type OnnxOptions } from "./options.ts";
