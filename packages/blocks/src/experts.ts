import type { Pass, Scope } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import { activate, type Activation } from "./activation.ts";
import type { BlockOptions, DeepBlock } from "./block.ts";
import { checkActivation, checkCount, checkRate, checkSizes } from "./checks.ts";
import { dropout } from "./dropout.ts";
import { glorotUniform, zeros } from "./initializers.ts";
import { parameter } from "./parameter.ts";

export interface ExpertsOptions<Name extends string = string> extends BlockOptions<Name> {
  /** How many networks. */
  readonly count: number;
  /** Length of the last axis of x. */
  readonly input: number;
  /** Units of every layer of every network; at least one layer. */
  readonly hidden: readonly number[];
  /** After every layer. Default "relu". */
  readonly activation?: Activation;
  /** In training, the probability with which a unit is left out, after every layer. Default 0. */
  readonly dropout?: number;
}

/**
 * A bank of `count` equal networks that read the same x, computed together: one product per layer.
 *
 * h_e,l = dropout(activation(h_e,l−1·W_e,l + b_e,l)), h_e,0 = x. x [batch, input] in, [batch, count, last of hidden] out, float32.
 * Kernels: the first layer's [count, units, input], so that x meets all of them in one wide product, whose gradient comes in
 * that order; later layers' [count, units before, units]. Biases [count, units].
 *
 * @throws POLYTASK_OPTION for counts or sizes below 1, no layer, an unknown activation, or a rate
 * outside [0, 1).
 */
export function experts<Name extends string>(
  scope: Scope<Name>,
  options: ExpertsOptions<Name>,
): DeepBlock<Name> {
  const { name, tasks, role, count, input, hidden, activation = "relu" } = options;
  const { dropout: rate = 0 } = options;
  const who = `experts "${name}"`;
  checkCount(who, "count", count);
  checkCount(who, "input", input);
  checkSizes(who, "hidden", hidden, 1);
  checkActivation(who, "activation", activation);
  checkRate(who, "dropout", rate);

  const layers = hidden.map((units, layer) => {
    const before = hidden[layer - 1] ?? input;
    const block: BlockOptions<Name> = {
      name: `${name}/${layer}`,
      tasks,
      ...(role === undefined ? {} : { role: `${role}/${layer}` }),
    };
    const kernel = parameter(scope, block, {
      leaf: "kernel",
      shape: layer === 0 ? [count, units, before] : [count, before, units],
      initializer: glorotUniform({ in: before, out: units }),
    });
    const bias = parameter(scope, block, {
      leaf: "bias",
      shape: [count, units],
      initializer: zeros,
    });
    return { units, kernel, bias, drop: dropout<Name>({ input: units, rate }) };
  });
  const [first, ...later] = layers;
  const top = layers[layers.length - 1];

  const wide = (x: Tensor, pass: Pass<Name>): Tensor => {
    const width = count * first.units;
    const kernel = tf.reshape(first.kernel.variable, [width, input]);
    const y = tf.add(tf.matMul(x, kernel, false, true), tf.reshape(first.bias.variable, [width]));
    return first.drop.forward(tf.reshape(activate(y, activation), [-1, count, first.units]), pass);
  };

  return {
    parameters: layers.flatMap(({ kernel, bias }) => [kernel, bias]),
    last: [top.kernel, top.bias],
    shape: [count, top.units],
    forward: (x, pass) => {
      const start = wide(x, pass);
      if (later.length === 0) return start;
      // [count, batch, units], the layout of a batched product.
      const end = later.reduce<Tensor>(
        (h, { kernel, bias, drop }) => {
          const product = tf.matMul(h, kernel.variable);
          const y = activate(tf.add(product, tf.expandDims(bias.variable, 1)), activation);
          return drop.forward(y, pass);
        },
        tf.transpose(start, [1, 0, 2]),
      );
      return tf.transpose(end, [1, 0, 2]);
    },
  };
}
