import * as tf from "@tensorflow/tfjs";
import { CONTRACT, type RegularizerPlugin } from "@polytask/core";

/** The threshold of the proximal step is λ, where it is rate·λ. */
export const thresholdWithoutRate = (): RegularizerPlugin => ({
  kind: "regularizer",
  name: "regularizer-threshold-without-rate",
  contract: CONTRACT,
  create: () => ({
    prox: {
      on: "elements",
      select: (parameters) => parameters,
      apply: (value) => tf.mul(tf.sign(value), tf.relu(tf.sub(tf.abs(value), 0.3))),
    },
  }),
});
