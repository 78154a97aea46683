import type { Random } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";

/** Starting values of a variable: a float32 tensor of the given shape, drawn from the given stream. */
export type Initializer = (shape: readonly number[], random: Random) => Tensor;

/** How many inputs an output of a kernel sums over, and how many outputs an input enters. */
export interface Fans {
  readonly in: number;
  readonly out: number;
}

/** The same value everywhere. */
export const constant =
  (value: number): Initializer =>
  (shape) =>
    tf.fill([...shape], value, "float32");

/** Zeros. */
export const zeros: Initializer = constant(0);

/** Ones. */
export const ones: Initializer = constant(1);

/** Independent draws from U(−limit, limit). */
export const uniform =
  (limit: number): Initializer =>
  (shape, random) =>
    fill(shape, () => limit * (2 * random.uniform() - 1));

/** Independent draws from N(0, deviation²). */
export const normal =
  (deviation: number): Initializer =>
  (shape, random) =>
    fill(shape, () => deviation * random.normal());

/**
 * U(−a, a) with a = √(6/(in + out)), which has variance 2/(in + out); the default of dense kernels.
 *
 * Glorot & Bengio, AISTATS 2010, equation 16.
 */
export const glorotUniform = (fans: Fans): Initializer =>
  uniform(Math.sqrt(6 / (fans.in + fans.out)));

/**
 * U(−a, a) with a = √(6/in), which has variance 2/in and keeps the variance through ReLU layers.
 *
 * He et al., ICCV 2015, equation 10.
 */
export const heUniform = (fans: Fans): Initializer => uniform(Math.sqrt(6 / fans.in));

/** N(0, 2/in): `heUniform` with a normal law. He et al., ICCV 2015, equation 10. */
export const heNormal = (fans: Fans): Initializer => normal(Math.sqrt(2 / fans.in));

function fill(shape: readonly number[], draw: () => number): Tensor {
  const size = shape.reduce((product, axis) => product * axis, 1);
  return tf.tensor(Float32Array.from({ length: size }, draw), [...shape], "float32");
}
