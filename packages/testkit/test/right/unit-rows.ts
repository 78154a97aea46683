import * as tf from "@tensorflow/tfjs";
import { CONTRACT, type SurgeryPlugin } from "@polytask/core";

/** Every gradient is brought to length 1; on tensors. Correct. */
export const unitRows = (): SurgeryPlugin => ({
  kind: "surgery",
  name: "surgery-unit-rows",
  contract: CONTRACT,
  create: () => ({
    edit: (jacobian) => {
      // By the largest entry first, so that squares neither overflow nor vanish.
      const largest = tf.max(tf.abs(jacobian), 1, true);
      const scaled = tf.divNoNan(jacobian, largest);
      return tf.divNoNan(scaled, tf.sqrt(tf.sum(tf.square(scaled), 1, true)));
    },
  }),
});
