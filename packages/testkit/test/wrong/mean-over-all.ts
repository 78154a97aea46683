import * as tf from "@tensorflow/tfjs";
import { CONTRACT, type WeightingPlugin } from "@polytask/core";

/** Divides by the mean of all losses, whatever stands in the slot of an absent task. */
export const meanOverAll = (): WeightingPlugin => ({
  kind: "weighting",
  name: "weighting-mean-over-all",
  contract: CONTRACT,
  create: () => ({
    weigh: (losses, _present, pass) => tf.div(losses, pass.detach(tf.mean(losses))),
  }),
});
