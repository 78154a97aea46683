import * as tf from "@tensorflow/tfjs";
import { CONTRACT, type RegularizerPlugin } from "@polytask/core";

/** √Σw² has no gradient at 0. */
export const rootAtZero = (): RegularizerPlugin => ({
  kind: "regularizer",
  name: "regularizer-root-at-zero",
  contract: CONTRACT,
  create: () => ({
    penalty: ({ parameters }) =>
      tf.mul(0.01, tf.addN(parameters.map(({ variable }) => tf.sqrt(tf.sum(tf.square(variable)))))),
  }),
});
