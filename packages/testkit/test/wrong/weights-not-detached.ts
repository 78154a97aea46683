import * as tf from "@tensorflow/tfjs";
import { CONTRACT, type WeightingPlugin } from "@polytask/core";

/** Weights T·softmax(L), through which a gradient flows. */
export const weightsNotDetached = (): WeightingPlugin => ({
  kind: "weighting",
  name: "weighting-not-detached",
  contract: CONTRACT,
  create: ({ tasks }) => ({
    weigh: (losses) => tf.mul(tf.mul(losses, tf.softmax(losses)), tasks.length),
  }),
});
