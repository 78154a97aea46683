import * as tf from "@tensorflow/tfjs";
import { CONTRACT, type WeightingPlugin } from "@polytask/core";

/** An absent task's loss is undefined in the report; taken for a number, it is NaN for ever. */
export const nanForAbsent = (): WeightingPlugin => ({
  kind: "weighting",
  name: "weighting-nan-for-absent",
  contract: CONTRACT,
  create: ({ tasks }) => {
    let means = tasks.map(() => 1);
    return {
      weigh: (losses, _present, pass) =>
        tf.mul(
          losses,
          pass.host("weights", [tasks.length], () => means.map((mean) => 1 / mean)),
        ),
      observe: ({ losses }) => {
        means = means.map((mean, k) => 0.9 * mean + 0.1 * Number(losses[tasks[k]]));
      },
      state: () => means,
      restore: (state) => {
        means = [...(state as number[])];
      },
    };
  },
});
