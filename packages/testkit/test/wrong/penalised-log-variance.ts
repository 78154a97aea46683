import * as tf from "@tensorflow/tfjs";
import type { Tensor1D } from "@tensorflow/tfjs";
import { CONTRACT, type WeightingPlugin } from "@polytask/core";
import { likelihood } from "../right/likelihood.ts";

/** The same pull, as a term of the loss. */
export const penalisedLogVariance = (): WeightingPlugin => ({
  kind: "weighting",
  name: "weighting-penalised-log-variance",
  contract: CONTRACT,
  create: async (scope) => {
    const part = await likelihood().create(scope);
    return {
      ...part,
      weigh: (losses, present, pass): Tensor1D => {
        const s = tf.stack((part.variables ?? []).map(({ variable }) => variable));
        return tf.add(part.weigh(losses, present, pass), tf.mul(0.1, tf.square(s)));
      },
    };
  },
});
