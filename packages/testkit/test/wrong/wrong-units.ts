import * as tf from "@tensorflow/tfjs";
import { type ArchitecturePlugin, CONTRACT } from "@polytask/core";
import { bottom } from "../right/bottom.ts";

/** Scores of one unit come without their axis. */
export const wrongUnits = (): ArchitecturePlugin => ({
  kind: "architecture",
  name: "arch-wrong-units",
  contract: CONTRACT,
  create: async (scope) => {
    const model = await bottom().create(scope);
    return {
      ...model,
      forward: (inputs, pass) => {
        const outputs = model.forward(inputs, pass);
        return Object.fromEntries(
          pass.tasks.map((name) => [
            name,
            tf.squeeze(
              outputs[name] as tf.Tensor,
              [-1].filter(() => outputs[name]?.shape.at(-1) === 1),
            ),
          ]),
        );
      },
    };
  },
});
