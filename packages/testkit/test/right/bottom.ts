import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import { type ArchitecturePlugin, CONTRACT } from "@polytask/core";
import { layers } from "./dense.ts";

/** One shared layer, a head per task. Correct. */
export const bottom = (): ArchitecturePlugin => ({
  kind: "architecture",
  name: "arch-bottom",
  contract: CONTRACT,
  create: (scope) => {
    const { parameters, dense } = layers(scope);
    const shared = dense("shared", 6, 4, scope.tasks);
    const heads = scope.tasks.map((name) =>
      dense(`head/${name}`, 4, scope.task(name).units, [name]),
    );
    return {
      parameters,
      lastShared: parameters.slice(0, 2).map(({ variable }) => variable),
      forward: (inputs, pass) => {
        const h = tf.tanh(shared(inputs as Tensor));
        return Object.fromEntries(
          pass.tasks.map((name) => [name, heads[scope.tasks.indexOf(name)](h)]),
        );
      },
    };
  },
});
