import * as tf from "@tensorflow/tfjs";
import { type ArchitecturePlugin, CONTRACT } from "@polytask/core";
import { bottom } from "../right/bottom.ts";

/** The last input is kept, and the one before it forgotten. */
export const leaksInForward = (): ArchitecturePlugin => ({
  kind: "architecture",
  name: "arch-leaks-in-forward",
  contract: CONTRACT,
  create: async (scope) => {
    const model = await bottom().create(scope);
    return {
      ...model,
      forward: (inputs, pass) => model.forward(tf.keep(tf.mul(inputs as tf.Tensor, 1)), pass),
    };
  },
});
