import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import type { CaseGroup } from "../case.ts";
import { t4 } from "./tensors.ts";

const normalised = (x: Tensor, axes: number[]): Tensor => {
  const { mean, variance } = tf.moments(x, axes, true);
  return tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-1)));
};

export const normalisation: CaseGroup = {
  "layer norm": {
    f: (x, gain, shift) => tf.add(tf.mul(normalised(x, [1]), gain), shift),
    shapes: [[3, 4], [4], [4]],
  },
  "batch norm of a batch": {
    f: (x, gain, shift) => tf.add(tf.mul(normalised(x, [0]), gain), shift),
    shapes: [[5, 3], [3], [3]],
  },
  "batch norm": {
    f: (x, mean, variance, shift, gain) => tf.batchNorm(x, mean, variance, shift, gain),
    shapes: [[3, 4], [4], [4], [4], [4]],
    values: ["any", "any", "positive", "any", "any"],
  },
  "batch norm of images": {
    f: (x, mean, variance, shift, gain) =>
      tf.batchNorm(
        t4(x),
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        shift as tf.Tensor1D,
        gain as tf.Tensor1D,
      ),
    shapes: [[2, 2, 3, 2], [2], [2], [2], [2]],
    values: ["any", "any", "positive", "any", "any"],
  },
  "group norm": {
    f: (x) => tf.reshape(normalised(tf.reshape(x, [2, 3, 2, 2]), [1, 3]), [2, 3, 4]),
    shapes: [[2, 3, 4]],
  },
  "root mean square norm": {
    f: (x, gain) =>
      tf.mul(tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), 1e-1))), gain),
    shapes: [[3, 4], [4]],
  },
  "unit length": {
    f: (x) => tf.div(x, tf.norm(x, "euclidean", 1, true)),
    shapes: [[3, 4]],
    values: "positive",
  },
  "local response": {
    f: (x) => tf.localResponseNormalization(t4(x), 1, 1, 0.5, 0.6),
    shapes: [[1, 2, 2, 4]],
  },
};
