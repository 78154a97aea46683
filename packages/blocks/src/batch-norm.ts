import type { NamedVariable, Scope } from "@polytask/core";
import { badOption } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import type { Block, BlockOptions } from "./block.ts";
import { checkCount, checkPositive } from "./checks.ts";
import { ones, zeros } from "./initializers.ts";
import { parameter } from "./parameter.ts";

export interface BatchNormOptions<Name extends string = string> extends BlockOptions<Name> {
  /** Length of the last axis of x. */
  readonly input: number;
  /** Share of a moving statistic that a step leaves, in [0, 1). Default 0.99. */
  readonly momentum?: number;
  /** Added to the variance. Default 1e-3. */
  readonly epsilon?: number;
}

/**
 * Batch normalisation: y = γ·(x − μ)/√(σ² + ε) + β for every place of the last axis.
 *
 * In training μ and σ² (biased, as in tf.layers) are those of the batch, over all axes but the last, and the moving
 * ones become momentum·moving + (1 − momentum)·batch, once a step, through `pass.assign`. Outside training μ and σ² are
 * the moving ones, which start at 0 and 1.
 *
 * x [batch, …, input] in, the same shape out, float32. Parameters γ and β [input]; buffers "<name>/movingMean" and
 * "<name>/movingVariance" [input].
 *
 * Ioffe & Szegedy, arXiv 1502.03167, algorithm 1.
 *
 * @throws POLYTASK_OPTION for a size below 1, a momentum outside [0, 1) or an epsilon that is not positive.
 */
export function batchNorm<Name extends string>(
  scope: Scope<Name>,
  options: BatchNormOptions<NoInfer<Name>>,
): Block<Name> {
  const { name, input, momentum = 0.99, epsilon = 1e-3 } = options;
  const who = `batchNorm "${name}"`;
  checkCount(who, "input", input);
  checkPositive(who, "epsilon", epsilon);
  if (!(momentum >= 0 && momentum < 1)) {
    throw badOption(who, "momentum", "a number of at least 0 and below 1", momentum);
  }

  const gamma = parameter(scope, options, { leaf: "gamma", shape: [input], initializer: ones });
  const beta = parameter(scope, options, { leaf: "beta", shape: [input], initializer: zeros });
  const buffer = (leaf: string, value: number): NamedVariable => ({
    name: `${name}/${leaf}`,
    variable: scope.variable(() => tf.fill([input], value), false),
  });
  const movingMean = buffer("movingMean", 0);
  const movingVariance = buffer("movingVariance", 1);

  const normalise = (x: Tensor, mean: Tensor, variance: Tensor): Tensor => {
    const normal = tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, epsilon)));
    return tf.add(tf.mul(normal, gamma.variable), beta.variable);
  };

  return {
    parameters: [gamma, beta],
    buffers: [movingMean, movingVariance],
    shape: [input],
    forward: (x, pass) => {
      if (!pass.training) return normalise(x, movingMean.variable, movingVariance.variable);
      const { mean, variance } = tf.moments(
        x,
        x.shape.slice(0, -1).map((_, axis) => axis),
      );
      for (const [moving, seen] of [
        [movingMean, mean],
        [movingVariance, variance],
      ] as const) {
        const value = tf.add(tf.mul(moving.variable, momentum), tf.mul(seen, 1 - momentum));
        pass.assign(moving.variable, value);
      }
      return normalise(x, mean, variance);
    },
  };
}
