import * as tf from "@tensorflow/tfjs";
import { CONTRACT, identityMatrix, type SurgeryPlugin } from "@polytask/core";

/** Host code makes a tensor that nobody frees. */
export const leaksInStep = (): SurgeryPlugin => ({
  kind: "surgery",
  name: "surgery-leaks-in-step",
  contract: CONTRACT,
  create: () => ({
    mix: ({ gramian }) => {
      tf.tensor2d(gramian.map((row) => [...row]));
      return identityMatrix(gramian.length);
    },
  }),
});
