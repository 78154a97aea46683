import * as tf from "@tensorflow/tfjs";

/** A point of the plane: the two numbers that the toy trains. */
export type Point = readonly [x1: number, x2: number];

/** Both losses at a point and their gradients, in float64. */
export interface ToyValue {
  readonly losses: readonly [number, number];
  readonly gradients: readonly [Point, Point];
}

/** Options of both forms of the problem. */
export interface ToyOptions {
  /** Factor on L₁; the papers use 0.1 and 1. */
  readonly scale?: number;
}

/** The three usual starting points; a fourth one in use, (0, 0), has both c₁ and c₂ at their tie. */
export const STARTS: readonly Point[] = [
  [-8.5, 7.5],
  [-8.5, -5],
  [9, 9],
];

const LOWER = 5e-6;

/**
 * L_i = c_i-weighted sum of a valley f_i (above x₂ = 0) and a bowl h_i (below), exact gradients by hand:
 * L_i = max(tanh(½x₂), 0)·f_i + max(tanh(−½x₂), 0)·h_i, f_i = log max(|u_i|, 5e-6) + 6,
 * u₁ = ½(−x₁ − 7) − tanh(−x₂), u₂ = ½(−x₁ + 3) + tanh(−x₂) + 2, h = ((±7 − x₁)² + .1(x₂ + 8)²)/10 − 20.
 *
 * Liu et al., "Conflict-Averse Gradient Descent", NeurIPS 2021, with the sign in u₂ of the authors' code. At the tie
 * of a maximum the gradient passes, as torch's `clamp` does: starting from (0, 0) would stand still otherwise.
 */
export function toy([x1, x2]: Point, { scale = 1 }: ToyOptions = {}): ToyValue {
  const t = Math.tanh(-x2);
  const dt = 1 - t * t;
  const f1 = valley(0.5 * (-x1 - 7) - t, -0.5, dt);
  const f2 = valley(0.5 * (-x1 + 3) + t + 2, -0.5, -dt);
  const h1 = bowl(x1 - 7, x2 + 8);
  const h2 = bowl(x1 + 7, x2 + 8);
  const c = Math.tanh(0.5 * x2);
  const dc = 0.5 * (1 - c * c);
  const c1 = { value: Math.max(c, 0), slope: c >= 0 ? dc : 0 };
  const c2 = { value: Math.max(-c, 0), slope: c <= 0 ? -dc : 0 };
  const mix = (f: Term, h: Term, by: number): Term => ({
    value: by * (c1.value * f.value + c2.value * h.value),
    gradient: [
      by * (c1.value * f.gradient[0] + c2.value * h.gradient[0]),
      by *
        (c1.slope * f.value +
          c1.value * f.gradient[1] +
          c2.slope * h.value +
          c2.value * h.gradient[1]),
    ],
  });
  const l1 = mix(f1, h1, scale);
  const l2 = mix(f2, h2, 1);
  return { losses: [l1.value, l2.value], gradients: [l1.gradient, l2.gradient] };
}

/**
 * The same two losses on the tape, elementwise: x₁ and x₂ of one shape (scalars or more) in, L₁ and
 * L₂ of that shape out.
 *
 * With q = 2σ(−2x₂) = 1 − tanh(x₂), u₁ = −½(x₁ + 5) − q and u₂ = ½(5 − x₁) + q; max(tanh(±½x₂), 0) is
 * max(1 − 2σ(∓x₂), 0). In float32 the printed forms lose the digits of a small u, and tfjs's gradient
 * of tanh, 1 − y², is 0 by x₂ = 9. `tf.maximum` against a number passes the gradient at a tie (`tf.relu`
 * does not) and puts no comparison on the tape.
 */
export function toyLosses(
  x1: tf.Tensor,
  x2: tf.Tensor,
  { scale = 1 }: ToyOptions = {},
): readonly [l1: tf.Tensor, l2: tf.Tensor] {
  const twice = (x: tf.Tensor): tf.Tensor => tf.mul(tf.sigmoid(x), 2);
  const f = (u: tf.Tensor): tf.Tensor => tf.add(tf.log(tf.maximum(tf.abs(u), LOWER)), 6);
  const h = (dx1: tf.Tensor): tf.Tensor =>
    tf.sub(tf.div(tf.add(tf.square(dx1), tf.mul(tf.square(tf.add(x2, 8)), 0.1)), 10), 20);
  const c1 = tf.maximum(tf.sub(1, twice(tf.neg(x2))), 0);
  const c2 = tf.maximum(tf.sub(1, twice(x2)), 0);
  const mix = (f: tf.Tensor, h: tf.Tensor): tf.Tensor => tf.add(tf.mul(c1, f), tf.mul(c2, h));
  const q = twice(tf.mul(x2, -2));
  const l1 = mix(f(tf.sub(tf.mul(tf.add(x1, 5), -0.5), q)), h(tf.sub(x1, 7)));
  const l2 = mix(f(tf.add(tf.mul(tf.sub(5, x1), 0.5), q)), h(tf.add(x1, 7)));
  return [tf.mul(l1, scale), l2];
}

interface Term {
  readonly value: number;
  readonly gradient: Point;
}

function valley(u: number, du1: number, du2: number): Term {
  const size = Math.abs(u);
  const slope = size >= LOWER ? 1 / u : 0;
  return { value: Math.log(Math.max(size, LOWER)) + 6, gradient: [slope * du1, slope * du2] };
}

function bowl(dx1: number, dx2: number): Term {
  return { value: (dx1 ** 2 + 0.1 * dx2 ** 2) / 10 - 20, gradient: [dx1 / 5, dx2 / 50] };
}
