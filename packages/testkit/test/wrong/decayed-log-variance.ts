import * as tf from "@tensorflow/tfjs";
import { CONTRACT, type WeightingPlugin } from "@polytask/core";
import { likelihood } from "../right/likelihood.ts";

/** The log variances decay like the network's weights: the tasks' uncertainty is pulled towards 1. */
export const decayedLogVariance = (): WeightingPlugin => ({
  kind: "weighting",
  name: "weighting-decayed-log-variance",
  contract: CONTRACT,
  create: async (scope) => {
    const part = await likelihood().create(scope);
    return {
      ...part,
      observe: () => {
        for (const { variable } of part.variables ?? []) {
          tf.tidy(() => {
            variable.assign(tf.mul(variable, 0.99));
          });
        }
      },
    };
  },
});
