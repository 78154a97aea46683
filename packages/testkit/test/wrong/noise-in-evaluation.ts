import * as tf from "@tensorflow/tfjs";
import { type ArchitecturePlugin, CONTRACT } from "@polytask/core";
import { bottom } from "../right/bottom.ts";

/** Inputs are left out at random, in prediction too. */
export const noiseInEvaluation = (): ArchitecturePlugin => ({
  kind: "architecture",
  name: "arch-noise-in-evaluation",
  contract: CONTRACT,
  create: async (scope) => {
    const model = await bottom().create(scope);
    return {
      ...model,
      forward: (inputs, pass) => {
        const x = inputs as tf.Tensor;
        return model.forward(tf.mul(x, tf.step(tf.sub(pass.noise(x.shape), 0.2))), pass);
      },
    };
  },
});
