import * as tf from "@tensorflow/tfjs";
import { CONTRACT, type RegularizerPlugin } from "@polytask/core";

/** A schedule of which only the first value is ever read. */
export const frozenSchedule = (): RegularizerPlugin => ({
  kind: "regularizer",
  name: "regularizer-frozen-schedule",
  contract: CONTRACT,
  create: () => {
    let strength: number | undefined;
    return {
      penalty: ({ parameters, pass }) => {
        const squares = tf.addN(parameters.map(({ variable }) => tf.sum(tf.square(variable))));
        return tf.mul(
          squares,
          pass.host("strength", [], (at) => [(strength ??= 0.01 * 0.9 ** at.step)]),
        );
      },
    };
  },
});
