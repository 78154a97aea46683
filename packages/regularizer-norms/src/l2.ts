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

export type L2Options = NormOptions;

/**
 * Pulls weights towards 0: λ · ½Σw².
 *
 * The gradient λ·w is added outside J and goes through the optimizer with the rest. Under an optimizer that divides by
 * past gradients (Adam) this is not weight decay: take one that decays apart from the gradient for that.
 *
 * @throws POLYTASK_OPTION for a strength below 0 or not finite, in the step concerned where it is scheduled; createTrainer
 * throws it for a `select` that chooses no parameter.
 */
export function l2<Name extends string>(options: Strength | L2Options): RegularizerPlugin<Name> {
  const { strength, select = notBias } =
    typeof options === "object" ? options : { strength: options };
  if (typeof strength === "number") checkStrength("l2", strength);
  return {
    kind: "regularizer",
    name: "regularizer-norms",
    contract: CONTRACT,
    create: ({ parameters }) => {
      const chosen = choose("l2", select, parameters);
      return {
        penalty: ({ pass }) => {
          const squares = chosen.map(({ variable }) => tf.sum(tf.square(variable)));
          return tf.mul(strengthAt("l2", strength, pass), tf.mul(0.5, tf.addN(squares)));
        },
      };
    },
  };
}
