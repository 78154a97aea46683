import { CONTRACT, type RegularizerPlugin } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import {
  checkStrength,
  choose,
  type NormOptions,
  notBias,
  type Strength,
  strengthAt,
} from "./norm.ts";

export interface L1Options extends NormOptions {
  /** Shrinks weights after the optimizer's step instead of adding to its gradient: then some become exactly 0. Default false. */
  readonly prox?: boolean;
}

/**
 * Pulls weights towards 0, small ones as hard as large ones: λ · Σ|w|.
 *
 * As a penalty its gradient is λ·sign(w), 0 at w = 0, added outside J. With `prox` the step is instead followed by the
 * soft threshold w ← sign(w)·max(|w| − rate·λ, 0), the proximal step of λ·Σ|w|, which leaves exact zeros.
 *
 * Tibshirani, "Regression Shrinkage and Selection via the Lasso", JRSS B 1996; the proximal step: Daubechies, Defrise,
 * De Mol, CPAM 2004.
 *
 * @throws POLYTASK_OPTION for a strength below 0 or not finite, in the step concerned where it is scheduled;
 * createTrainer throws it for a `select` that chooses no parameter.
 */
export function l1<Name extends string>(options: Strength | L1Options): RegularizerPlugin<Name> {
  const {
    strength,
    select = notBias,
    prox = false,
  }: L1Options = typeof options === "object" ? options : { strength: options };
  if (typeof strength === "number") checkStrength("l1", strength);
  return {
    kind: "regularizer",
    name: "regularizer-norms",
    contract: CONTRACT,
    create: ({ parameters }) => {
      const chosen = choose("l1", select, parameters);
      if (prox) {
        return {
          prox: {
            on: "elements",
            select: (given) => given.filter(select),
            apply: (value, rate, pass) => {
              const threshold = tf.mul(rate, strengthAt("l1", strength, pass));
              const above = tf.relu(tf.sub(value, threshold));
              return tf.sub(above, tf.relu(tf.sub(tf.neg(value), threshold)));
            },
          },
        };
      }
      return {
        penalty: ({ pass }) => {
          // Not tf.abs: its gradient at 0 is -1, which would push zeros away.
          const sizes = chosen.map(({ variable }) => tf.sum(tf.mul(variable, tf.sign(variable))));
          return tf.mul(strengthAt("l1", strength, pass), tf.addN(sizes));
        },
      };
    },
  };
}
