import * as tf from "@tensorflow/tfjs";
import { type ArchitecturePlugin, CONTRACT } from "@polytask/core";
import { bottom } from "../right/bottom.ts";

/** A constant is handed over for disposal only at the end: where making the rest throws, nobody frees it. */
export const leaksOnThrow = (): ArchitecturePlugin => ({
  kind: "architecture",
  name: "arch-leaks-on-throw",
  contract: CONTRACT,
  create: async (scope) => {
    const factor = tf.scalar(1);
    const model = await bottom().create(scope);
    scope.onDispose(() => {
      factor.dispose();
    });
    return {
      ...model,
      forward: (inputs, pass) => model.forward(tf.mul(inputs as tf.Tensor, factor), pass),
    };
  },
});
