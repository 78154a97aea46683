import * as tf from "@tensorflow/tfjs";
import { CONTRACT, type WeightingPlugin } from "@polytask/core";

/** Negative log-likelihoods with a learnt s = log σ² (log b for laplace) per task. Correct. */
export const likelihood = (): WeightingPlugin => ({
  kind: "weighting",
  name: "weighting-likelihood",
  contract: CONTRACT,
  create: (scope) => {
    const variables = scope.tasks.map((name) => ({
      name: `s/${name}`,
      variable: scope.variable(() => tf.scalar(0)),
      tasks: [name],
    }));
    const halves = scope.tasks.map((name) => (scope.task(name).noise === "gaussian" ? 0.5 : 1));
    const shares = scope.tasks.map((name) => (scope.task(name).noise === "laplace" ? 1 : 0.5));
    return {
      variables,
      weigh: (losses) => {
        const s = tf.stack(variables.map(({ variable }) => variable));
        return tf.add(
          tf.mul(tf.mul(tf.exp(tf.neg(s)), losses), tf.tensor1d(halves)),
          tf.mul(s, tf.tensor1d(shares)),
        );
      },
    };
  },
});
