import type { DType, Shape } from "@polytask/graph";
import type { Tensor } from "onnxruntime-node";
import { loadedRuntime } from "./runtime.ts";

/** An array as a tensor of a session, without a copy; a bool is a byte of 0 or 1. */
export function tensorOf(
  values: Float32Array | Int32Array | Uint8Array,
  shape: Shape,
  dtype: DType,
): Tensor {
  const { Tensor } = loadedRuntime();
  return new Tensor(dtype, values, shape);
}
