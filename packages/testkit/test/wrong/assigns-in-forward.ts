import * as tf from "@tensorflow/tfjs";
import { type ArchitecturePlugin, CONTRACT } from "@polytask/core";
import { bottom } from "../right/bottom.ts";

/** A running mean is set within the step, once for every evaluation of it. */
export const assignsInForward = (): ArchitecturePlugin => ({
  kind: "architecture",
  name: "arch-assigns-in-forward",
  contract: CONTRACT,
  create: async (scope) => {
    const model = await bottom().create(scope);
    const variable = scope.variable(() => tf.zeros([6]), false);
    return {
      ...model,
      buffers: [{ name: "mean", variable }],
      forward: (inputs, pass) => {
        if (pass.training) variable.assign(tf.mean(inputs as tf.Tensor, 0));
        return model.forward(inputs, pass);
      },
    };
  },
});
