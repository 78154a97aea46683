import * as tf from "@tensorflow/tfjs";
import { CONTRACT, type SurgeryPlugin } from "@polytask/core";

/** Signs are compared element by element, where a law of whole vectors is claimed. */
export const elementByElement = (): SurgeryPlugin => ({
  kind: "surgery",
  name: "surgery-element-by-element",
  contract: CONTRACT,
  create: () => ({
    edit: (jacobian) => {
      const majority = tf.sign(tf.sum(jacobian, 0, true));
      return tf.mul(jacobian, tf.step(tf.mul(jacobian, majority)));
    },
  }),
});
