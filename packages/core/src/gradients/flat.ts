import * as tf from "@tensorflow/tfjs";
import { gradient, type Gradients } from "./config.ts";

/** Kernels whose results are truths or places: their value does not change where it is differentiable. */
const flat: Readonly<Record<string, readonly string[]>> = {
  Equal: ["a", "b"],
  NotEqual: ["a", "b"],
  Less: ["a", "b"],
  LessEqual: ["a", "b"],
  Greater: ["a", "b"],
  LogicalAnd: ["a", "b"],
  LogicalOr: ["a", "b"],
  LogicalNot: ["x"],
  Any: ["x"],
  All: ["x"],
  SearchSorted: ["sortedSequence", "values"],
};

/** 0 everywhere. tfjs 4.22 has none, so a mask of a loss such as `where(x.greater(0), …)` throws. */
export const flatGradients: Gradients = {
  ...Object.fromEntries(
    Object.entries(flat).flatMap(([kernel, operands]) =>
      Object.entries(
        gradient(kernel, {
          saves: operands,
          of: (_, saved) =>
            Object.fromEntries(operands.map((name, i) => [name, () => tf.zeros(saved[i].shape)])),
        }),
      ),
    ),
  ),
  // tfjs 4.22 lets the gradient through, as if whole numbers changed with what they were cut from.
  ...gradient<tf.CastAttrs>("Cast", {
    of: (dy, _, { dtype }) => ({
      x: () => (isFlat(dtype) ? tf.zeros(dy.shape) : tf.cast(dy, "float32")),
    }),
  }),
};

const isFlat = (dtype: tf.DataType): boolean => dtype === "int32" || dtype === "bool";
