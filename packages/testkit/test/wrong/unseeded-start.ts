import * as tf from "@tensorflow/tfjs";
import { type ArchitecturePlugin, CONTRACT } from "@polytask/core";
import { bottom } from "../right/bottom.ts";

/** tf.randomNormal without a seed draws from Math.random. */
export const unseededStart = (): ArchitecturePlugin => ({
  kind: "architecture",
  name: "arch-unseeded-start",
  contract: CONTRACT,
  create: (scope) =>
    bottom().create({
      ...scope,
      variable: (initial, trainable) =>
        scope.variable(() => tf.randomNormal(initial().shape), trainable),
    }),
});
