import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import { seededRandom } from "@polytask/core";
import { demand } from "./law.ts";

/**
 * The gradient of a float64 function by central differences: (f(x + h·e_i) − f(x − h·e_i)) / 2h with h = ∛ε·max(1, |x_i|).
 *
 * About ten digits where the third derivative is of the size of the first.
 */
export function finiteDifference(
  fn: (x: readonly number[]) => number,
  at: readonly number[],
): number[] {
  return at.map((value, i) => {
    const h = Math.cbrt(Number.EPSILON) * Math.max(1, Math.abs(value));
    const moved = (to: number): number => fn(at.map((x, j) => (j === i ? to : x)));
    // The step that was taken, after rounding.
    return (moved(value + h) - moved(value - h)) / (value + h - (value - h));
  });
}

export interface GradientOptions {
  /** Length of the step, of points of size 1. Default 1e-2: float32 values allow no smaller one. */
  readonly step?: number;
  /** Relative to |∇f|. Default 1e-2. */
  readonly tolerance?: number;
  readonly seed?: number;
}

/**
 * Throws unless tfjs's gradient of a scalar function of tensors agrees with differences of its values.
 *
 * Along random directions d: ∇f·d against (8(f(x + hd) − f(x − hd)) − (f(x + 2hd) − f(x − 2hd))) / 12h. In float32; the
 * points must lie 2h away from where f is not smooth.
 *
 * @throws POLYTASK_LAW
 */
export async function expectGradient(
  fn: (...x: Tensor[]) => Tensor,
  at: readonly Tensor[],
  options: GradientOptions = {},
): Promise<void> {
  const read = async (make: () => Tensor): Promise<number[]> => {
    const tensor = tf.tidy(make);
    const values = Array.from(await tensor.data());
    tensor.dispose();
    return values;
  };
  const point = await read(() => tf.concat(at.map((x) => tf.reshape(x, [-1]))));
  const gradient = await read(() => {
    const slopes = tf.grads((...x: Tensor[]) => fn(...x).asScalar())([...at]);
    return tf.concat(slopes.map((slope) => tf.reshape(slope, [-1])));
  });
  const value = async (x: readonly number[]): Promise<number> => {
    const [result] = await read(() => {
      const parts = tf.split(
        tf.tensor1d([...x]),
        at.map(({ size }) => size),
      );
      return fn(...parts.map((part, i) => tf.reshape(part, at[i].shape))).asScalar();
    });
    return result;
  };
  await compareGradient(value, gradient, point, options);
}

/** The same for a gradient at hand and a function that is evaluated by any means. */
export async function compareGradient(
  value: (x: readonly number[]) => Promise<number>,
  gradient: readonly number[],
  at: readonly number[],
  options: GradientOptions = {},
): Promise<void> {
  const { step = 1e-2, tolerance = 1e-2, seed = 0 } = options;
  const random = seededRandom(seed)("directions");
  const norm = Math.hypot(...gradient);
  for (let round = 0; round < 5; round++) {
    const raw = at.map(() => random.normal());
    const length = Math.hypot(...raw);
    // Half of the rounds look along the gradient itself, where a wrong length shows best.
    const along = raw.map(
      (x, i) => x / length + (norm > 0 && round % 2 === 0 ? gradient[i] / norm : 0),
    );
    const direction = along.map((x) => x / Math.hypot(...along));
    const moved = (h: number): Promise<number> => value(at.map((x, i) => x + h * direction[i]));
    const near = (await moved(step)) - (await moved(-step));
    const far = (await moved(2 * step)) - (await moved(-2 * step));
    const expected = (8 * near - far) / (12 * step);
    const found = gradient.reduce((sum, x, i) => sum + x * direction[i], 0);
    const off = Math.abs(found - expected);
    demand(
      off <= tolerance * (norm + 1e-6),
      `the gradient along direction ${round} must be ${expected}`,
      () => `got ${found}`,
    );
  }
}
