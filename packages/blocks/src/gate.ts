import type { Scope } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import type { Block, BlockOptions } from "./block.ts";
import { checkCount, checkRate } from "./checks.ts";
import { dense } from "./dense.ts";

export interface GateOptions<Name extends string = string> extends BlockOptions<Name> {
  /** Length of the last axis of x. */
  readonly input: number;
  /** How many experts it weighs. */
  readonly experts: number;
  /** Default false, as in the MMoE paper. */
  readonly bias?: boolean;
  /** In training, leave out each expert with this probability, per example. Default 0. */
  readonly dropout?: number;
}

/**
 * Weights of experts: softmax(x·W), W [input, experts].
 *
 * x [batch, input] in, [batch, experts] out, rows of non-negative weights that sum to 1. With `dropout` the weights of
 * the experts left out are 0 and the others renormalised to sum to 1 (Zhao et al., RecSys 2019); an
 * example that would lose all of its experts keeps them all.
 *
 * @throws POLYTASK_OPTION for sizes below 1 or a rate outside [0, 1).
 */
export function gate<Name extends string>(
  scope: Scope<Name>,
  options: GateOptions<Name>,
): Block<Name> {
  const { experts, bias = false, dropout = 0 } = options;
  checkCount(`gate "${options.name}"`, "experts", experts);
  checkRate(`gate "${options.name}"`, "dropout", dropout);
  const logits = dense(scope, { ...options, units: experts, bias });
  return {
    parameters: logits.parameters,
    shape: [experts],
    forward: (x, pass) => {
      const z = logits.forward(x, pass);
      if (dropout === 0 || !pass.training) return tf.softmax(z);
      const kept = tf.step(tf.sub(pass.noise(z.shape), dropout));
      const none = tf.sub(1, tf.max(kept, -1, true));
      // Before the softmax: dividing by the sum of what is left would give 0/0 where a gate is nearly one-hot.
      return tf.softmax(tf.add(z, tf.mul(tf.sub(tf.add(kept, none), 1), 1e9)));
    },
  };
}

/**
 * The weighted sum of experts, Σ_e w_e·v_e.
 *
 * weights [batch, experts] and values [batch, experts, units] in, [batch, units] out.
 */
export function mixture(weights: Tensor, values: Tensor): Tensor {
  // A product of matrices: tfjs on plain cpu takes fifteen times as long for a broadcast product and a sum.
  return tf.squeeze(tf.matMul(tf.expandDims(weights, 1), values), [1]);
}
