import * as tf from "@tensorflow/tfjs";
import { CONTRACT, type WeightingPlugin } from "@polytask/core";

/** The gaussian formula ½·e^(−s)·L + ½·s for every kind of task. */
export const oneFormula = (): WeightingPlugin => ({
  kind: "weighting",
  name: "weighting-one-formula",
  contract: CONTRACT,
  create: (scope) => {
    const variables = scope.tasks.map((name) => ({
      name: `s/${name}`,
      variable: scope.variable(() => tf.scalar(0)),
      tasks: [name],
    }));
    return {
      variables,
      weigh: (losses) => {
        const s = tf.stack(variables.map(({ variable }) => variable));
        return tf.mul(0.5, tf.add(tf.mul(tf.exp(tf.neg(s)), losses), s));
      },
    };
  },
});
