import type { Parameter, Scope } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import { activate, type Activation } from "./activation.ts";
import type { BlockOptions, DeepBlock } from "./block.ts";
import { checkActivation, checkCount } from "./checks.ts";
import { glorotUniform, type Initializer, zeros } from "./initializers.ts";
import { parameter } from "./parameter.ts";

export interface DenseOptions<Name extends string = string> extends BlockOptions<Name> {
  /** Length of the last axis of x. */
  readonly input: number;
  readonly units: number;
  /** Default "linear". */
  readonly activation?: Activation;
  /** Default true. */
  readonly bias?: boolean;
  /** Default `glorotUniform`. */
  readonly kernel?: Initializer;
}

/**
 * A fully connected layer: activation(x·W + b), W [input, units], b [units] from zero.
 *
 * x [batch, …, input] in, [batch, …, units] out, float32.
 *
 * @throws POLYTASK_OPTION for sizes below 1 or an unknown activation.
 */
export function dense<Name extends string>(
  scope: Scope<Name>,
  options: DenseOptions<Name>,
): DeepBlock<Name> {
  const { name, input, units, activation = "linear", bias = true } = options;
  const { kernel: initializer = glorotUniform({ in: input, out: units }) } = options;
  const who = `dense "${name}"`;
  checkCount(who, "input", input);
  checkCount(who, "units", units);
  checkActivation(who, "activation", activation);

  const kernel = parameter(scope, options, { leaf: "kernel", shape: [input, units], initializer });
  const parameters: Parameter<Name>[] = [kernel];
  let offset: Parameter<Name> | undefined;
  if (bias) {
    offset = parameter(scope, options, { leaf: "bias", shape: [units], initializer: zeros });
    parameters.push(offset);
  }

  return {
    parameters,
    last: parameters,
    shape: [units],
    forward: (x) => {
      // Further axes are folded into the batch: a product that broadcasts its kernel has no gradient in tfjs.
      const rows: Tensor = x.rank === 2 ? x : tf.reshape(x, [-1, input]);
      const product = tf.matMul(rows, kernel.variable);
      const sum = offset ? tf.add(product, offset.variable) : product;
      const y = activate(sum, activation);
      return x.rank === 2 ? y : tf.reshape(y, [...x.shape.slice(0, -1), units]);
    },
  };
}
