import * as tf from "@tensorflow/tfjs";
import { CONTRACT, type WeightingPlugin } from "@polytask/core";

/** A trained variable that is not trainable. */
export const untrainable = (): WeightingPlugin => ({
  kind: "weighting",
  name: "weighting-untrainable",
  contract: CONTRACT,
  create: (scope) => {
    const variables = scope.tasks.map((name) => ({
      name: `w/${name}`,
      variable: scope.variable(() => tf.scalar(1), false),
      tasks: [name],
    }));
    return {
      variables,
      weigh: (losses) => tf.mul(losses, tf.stack(variables.map(({ variable }) => variable))),
    };
  },
});
