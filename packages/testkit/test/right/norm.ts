import * as tf from "@tensorflow/tfjs";
import { CONTRACT, type RegularizerPlugin } from "@polytask/core";

/** ½·0.01·Σw². Correct. */
export const squares = (): RegularizerPlugin => ({
  kind: "regularizer",
  name: "regularizer-squares",
  contract: CONTRACT,
  create: () => ({
    penalty: ({ parameters }) =>
      tf.mul(0.005, tf.addN(parameters.map(({ variable }) => tf.sum(tf.square(variable))))),
  }),
});

/** The proximal step of Σ|w|: soft threshold. Correct. */
export const threshold = (): RegularizerPlugin => ({
  kind: "regularizer",
  name: "regularizer-threshold",
  contract: CONTRACT,
  create: () => ({
    prox: {
      on: "elements",
      select: (parameters) => parameters,
      apply: (value, rate) => tf.mul(tf.sign(value), tf.relu(tf.sub(tf.abs(value), rate))),
    },
  }),
});

/** The proximal step of ½Σ‖w_k − w̄‖², on the Gramian: W ← W·(I + rate·(I − 11ᵀ/K))⁻¹. Correct. */
export const towardsMean = (): RegularizerPlugin => ({
  kind: "regularizer",
  name: "regularizer-towards-mean",
  contract: CONTRACT,
  create: () => ({
    prox: {
      on: "gramian",
      groups: (parameters) => {
        const roles = new Set(
          parameters.flatMap(({ role }) => (role === "tower/kernel" ? [role] : [])),
        );
        return [...roles].map((role) => parameters.filter((parameter) => parameter.role === role));
      },
      apply: (g, rate) =>
        g.map((row, i) =>
          row.map((_, j) => (i === j ? 1 : 0) / (1 + rate) + (1 - 1 / (1 + rate)) / g.length),
        ),
    },
  }),
});
