import { CONTRACT, type OptimizerPlugin, type SurgeryPlugin } from "@polytask/core";
import { pcgradCoefficients } from "@polytask/surgery-pcgrad";
import * as tf from "@tensorflow/tfjs";

/** Moves nothing and keeps what it was given, in a slot that `trainer.state()` shows. */
export const keepGradient = (): OptimizerPlugin => ({
  kind: "optimizer",
  name: "keep-gradient",
  contract: CONTRACT,
  create: () => ({
    slots: ["gradient"],
    rate: () => 1,
    scalars: () => [],
    update: (value, gradient) => ({ value: tf.clone(value), slots: [gradient] }),
  }),
});

/** PCGrad's own coefficients with the other tasks in ascending order, where the method draws one: peers check so. */
export const ascendingPcgrad = (): SurgeryPlugin => ({
  kind: "surgery",
  name: "ascending-pcgrad",
  contract: CONTRACT,
  create: () => ({
    mix: ({ gramian }) => {
      const all = gramian.map((_, k) => k);
      return pcgradCoefficients(
        gramian,
        all.map((i) => all.filter((j) => j !== i)),
      );
    },
  }),
});
