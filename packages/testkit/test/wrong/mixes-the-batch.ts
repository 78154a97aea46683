import * as tf from "@tensorflow/tfjs";
import { type ArchitecturePlugin, CONTRACT } from "@polytask/core";
import { bottom } from "../right/bottom.ts";

/** Inputs are centred by the batch at hand, in prediction too. */
export const mixesTheBatch = (): ArchitecturePlugin => ({
  kind: "architecture",
  name: "arch-mixes-the-batch",
  contract: CONTRACT,
  create: async (scope) => {
    const model = await bottom().create(scope);
    return {
      ...model,
      forward: (inputs, pass) =>
        model.forward(tf.sub(inputs as tf.Tensor, tf.mean(inputs as tf.Tensor, 0)), pass),
    };
  },
});
