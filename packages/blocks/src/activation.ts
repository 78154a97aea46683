import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";

const functions = {
  linear: (x: Tensor): Tensor => x,
  relu: (x: Tensor): Tensor => tf.relu(x),
  leakyRelu: (x: Tensor): Tensor => tf.leakyRelu(x, 0.2),
  elu: (x: Tensor): Tensor => tf.elu(x),
  selu: (x: Tensor): Tensor => tf.selu(x),
  tanh: (x: Tensor): Tensor => tf.tanh(x),
  sigmoid: (x: Tensor): Tensor => tf.sigmoid(x),
  softplus: (x: Tensor): Tensor => tf.softplus(x),
  swish: (x: Tensor): Tensor => tf.mul(x, tf.sigmoid(x)),
} as const;

/** An element-wise function between layers. `leakyRelu` has slope 0.2 below 0; `swish` is x·sigmoid(x). */
export type Activation = keyof typeof functions;

/** Names of all activations. */
export const activations: readonly Activation[] = Object.keys(functions) as Activation[];

/** Applies an activation; any shape. */
export const activate = (x: Tensor, activation: Activation): Tensor => functions[activation](x);
