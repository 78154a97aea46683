import { CONTRACT, type OptimizerPlugin } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import type { Scalar, Tensor } from "@tensorflow/tfjs";
import { type OptimizerOptions, readOptions, requireFraction } from "./options.ts";
import { requirePositive } from "./schedule.ts";

/** How fast the two running means forget, and what keeps the quotient finite. */
export interface MomentOptions {
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
}

export interface AdamOptions extends OptimizerOptions, MomentOptions {}

/**
 * Steps of about the learning rate, whatever the gradient's scale.
 *
 * m ← β₁·m + (1 − β₁)·g; v ← β₂·v + (1 − β₂)·g²; p ← p − η/(1 − β₁ᵗ) · m/(√v/√(1 − β₂ᵗ) + ε), where t counts this
 * parameter's own updates: steps in which none of its tasks had a label do not count. Default learning rate 0.001.
 *
 * Kingma and Ba, ICLR 2015, arXiv 1412.6980, algorithm 1; arithmetic as in PyTorch's Adam, corrections in float64.
 *
 * With `rows: "lazy"` a row of an embedding table moves, and its m and v with it, only in steps that give it a gradient:
 * the meaning of PyTorch's SparseAdam and of LazyAdam in TensorFlow Addons. t counts the table's updates, as theirs
 * does, so a row that comes late starts with hardly any correction. The correction differs from theirs in ε, which
 * stands beside √v/√(1 − β₂ᵗ) as above, and not beside √v alone: rows with a gradient in every step move as with
 * `exact`.
 *
 * @throws POLYTASK_OPTION for a learning rate, epsilon or clip limit that is not positive and finite, a beta outside [0, 1),
 * a group's rate below 0, or other `rows`; POLYTASK_STATE when a state with the other `rows` is restored.
 */
export function adam(options: AdamOptions = {}): OptimizerPlugin {
  const { rate, clipping, groupOf, rowwise } = readOptions("adam", 1e-3, options);
  const rule = adamRule("adam", options);
  return {
    kind: "optimizer",
    name: "adam",
    contract: CONTRACT,
    create: () => ({
      ...clipping,
      ...rowwise,
      rate,
      slots: ["m", "v"],
      kernel: { name: "adam", constants: rule.constants },
      scalars: ({ count, rate, parameter }) =>
        rule.scalars(count, rate * (groupOf(parameter)?.rate ?? 1)),
      update: rule.update,
    }),
  };
}

/** What Adam and AdamW have in common. */
export interface AdamRule {
  readonly constants: readonly [beta1: number, beta2: number, epsilon: number];
  /** [η/(1 − β₁ᵗ), √(1 − β₂ᵗ)] */
  readonly scalars: (count: number, rate: number) => readonly [step: number, root: number];
  readonly update: (
    value: Tensor,
    gradient: Tensor,
    slots: readonly Tensor[],
    scalars: readonly Scalar[],
  ) => { readonly value: Tensor; readonly slots: readonly Tensor[] };
}

/** @throws POLYTASK_OPTION for a beta outside [0, 1) or an epsilon that is not positive and finite. */
export function adamRule(who: string, options: MomentOptions): AdamRule {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  requireFraction(who, "beta1", beta1);
  requireFraction(who, "beta2", beta2);
  requirePositive(who, "epsilon", epsilon);
  return {
    constants: [beta1, beta2, epsilon],
    scalars: (count, rate) => [rate / (1 - beta1 ** count), Math.sqrt(1 - beta2 ** count)],
    update: (value, gradient, [m, v], [step, root]) => {
      const mean = tf.add(m, tf.mul(tf.sub(gradient, m), 1 - beta1));
      const square = tf.add(tf.mul(v, beta2), tf.mul(tf.square(gradient), 1 - beta2));
      const scale = tf.add(tf.div(tf.sqrt(square), root), epsilon);
      return { value: tf.sub(value, tf.mul(tf.div(mean, scale), step)), slots: [mean, square] };
    },
  };
}
