import type { Scope } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import type { Block, BlockOptions } from "./block.ts";
import { checkCount, checkPositive } from "./checks.ts";
import { ones, zeros } from "./initializers.ts";
import { parameter } from "./parameter.ts";

export interface LayerNormOptions<Name extends string = string> extends BlockOptions<Name> {
  /** Length of the last axis of x. */
  readonly input: number;
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
}

/**
 * Layer normalisation: y = γ·(x − μ)/√(σ² + ε) + β, μ and σ² (biased) of each example over its last axis.
 *
 * x [batch, …, input] in, the same shape out, float32. γ [input] starts at 1, β [input] at 0. The same in training and
 * in use.
 *
 * Ba, Kiros & Hinton, arXiv 1607.06450, equation 4.
 *
 * @throws POLYTASK_OPTION for a size below 1 or an epsilon that is not positive.
 */
export function layerNorm<Name extends string>(
  scope: Scope<Name>,
  options: LayerNormOptions<NoInfer<Name>>,
): Block<Name> {
  const { name, input, epsilon = 1e-5 } = options;
  const who = `layerNorm "${name}"`;
  checkCount(who, "input", input);
  checkPositive(who, "epsilon", epsilon);
  const gamma = parameter(scope, options, { leaf: "gamma", shape: [input], initializer: ones });
  const beta = parameter(scope, options, { leaf: "beta", shape: [input], initializer: zeros });
  return {
    parameters: [gamma, beta],
    shape: [input],
    forward: (x) => {
      const centred = tf.sub(x, tf.mean(x, -1, true));
      const variance = tf.mean(tf.square(centred), -1, true);
      const normal = tf.div(centred, tf.sqrt(tf.add(variance, epsilon)));
      return tf.add(tf.mul(normal, gamma.variable), beta.variable);
    },
  };
}
