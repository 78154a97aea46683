export { type CompileReport } from "@polytask/compiled";
export { tensorflow } from "./tensorflow.ts";
export { type TensorflowOptions } from "./options.ts";
