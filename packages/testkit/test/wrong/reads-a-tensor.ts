import * as tf from "@tensorflow/tfjs";
import { CONTRACT, type SurgeryPlugin } from "@polytask/core";

/** Traced code reads a value: impossible under a trace, and on backends without synchronous reads. */
export const readsATensor = (): SurgeryPlugin => ({
  kind: "surgery",
  name: "surgery-reads-a-tensor",
  contract: CONTRACT,
  create: () => ({
    edit: (jacobian) => {
      // eslint-disable-next-line no-restricted-syntax -- the fault itself
      const [size] = tf.sum(tf.abs(jacobian)).dataSync();
      return size > 1e30 ? tf.zerosLike(jacobian) : jacobian;
    },
  }),
});
