import * as tf from "@tensorflow/tfjs";
import { CONTRACT, type RegularizerPlugin } from "@polytask/core";

/** The penalty shrinks the parameters itself. */
export const shrinksInPenalty = (): RegularizerPlugin => ({
  kind: "regularizer",
  name: "regularizer-shrinks-in-penalty",
  contract: CONTRACT,
  create: () => ({
    penalty: ({ parameters }) => {
      for (const { variable } of parameters) variable.assign(tf.mul(variable, 0.999));
      return tf.mul(0.005, tf.addN(parameters.map(({ variable }) => tf.sum(tf.square(variable)))));
    },
  }),
});
