import * as tf from "@tensorflow/tfjs";
import { CONTRACT, type WeightingPlugin } from "@polytask/core";

/** What varies is written into the step as a constant: a trace would keep the first. */
export const bypassesThePass = (): WeightingPlugin => ({
  kind: "weighting",
  name: "weighting-bypasses-the-pass",
  contract: CONTRACT,
  create: ({ tasks }) => {
    let means = tasks.map(() => 1);
    return {
      weigh: (losses) => tf.mul(losses, tf.tensor1d(means.map((mean) => 1 / mean))),
      observe: ({ losses }) => {
        means = means.map((mean, k) => 0.9 * mean + 0.1 * (losses[tasks[k]] ?? mean));
      },
      state: () => means,
      restore: (state) => {
        means = [...(state as number[])];
      },
    };
  },
});
