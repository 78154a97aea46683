import * as tf from "@tensorflow/tfjs";
import { CONTRACT, type RegularizerPlugin } from "@polytask/core";

/** A schedule by a counter that advances with every evaluation. */
export const scheduleByCounter = (): RegularizerPlugin => ({
  kind: "regularizer",
  name: "regularizer-schedule-by-counter",
  contract: CONTRACT,
  create: () => {
    let evaluations = 0;
    return {
      penalty: ({ parameters }) => {
        const squares = tf.addN(parameters.map(({ variable }) => tf.sum(tf.square(variable))));
        return tf.mul(squares, 0.01 * 0.9 ** evaluations++);
      },
    };
  },
});
