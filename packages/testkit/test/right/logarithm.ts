import * as tf from "@tensorflow/tfjs";
import { CONTRACT, type WeightingPlugin } from "@polytask/core";

/** Σ log L: every weight is 1/L. Correct. */
export const logarithm = (): WeightingPlugin => ({
  kind: "weighting",
  name: "weighting-logarithm",
  contract: CONTRACT,
  create: () => ({ weigh: (losses) => tf.log(losses) }),
});
