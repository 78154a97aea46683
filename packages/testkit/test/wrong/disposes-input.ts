import * as tf from "@tensorflow/tfjs";
import type { Tensor2D } from "@tensorflow/tfjs";
import { CONTRACT, type SurgeryPlugin } from "@polytask/core";

/** J is disposed of by the one to whom it was lent. */
export const disposesInput = (): SurgeryPlugin => ({
  kind: "surgery",
  name: "surgery-disposes-input",
  contract: CONTRACT,
  create: () => ({
    edit: (jacobian) => {
      const edited: Tensor2D = tf.mul(jacobian, 2);
      jacobian.dispose();
      return edited;
    },
  }),
});
