import { constant } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import type { Scalar, Tensor } from "@tensorflow/tfjs";

/** Singular values below √RESOLUTION·‖W‖_F count for less: Σ_k σ_k²/√(σ_k² + RESOLUTION·‖W‖²_F). */
const RESOLUTION = 1e-6;

/** Enough for the smallest eigenvalue that RESOLUTION leaves. */
const ITERATIONS = 16;

/**
 * Σ_k σ_k(W) with the gradient (WWᵀ)^(−½)·W = UVᵀ; the columns of the paper's W are rows [K, n] here.
 *
 * tfjs has no singular values, and none may be read on the host inside a step: all is products of K×K matrices.
 */
export function nuclearNorm(rows: Tensor): Scalar {
  const withGradient = tf.customGrad((...inputs) => {
    const [w, save] = inputs as [Tensor, (tensors: Tensor[]) => void];
    const square = tf.add(tf.sum(tf.square(w)), 1e-30); // W = 0 must not divide by 0
    const gramian = tf.div(gramianOf(w), square);
    const direction = tf.matMul(tf.div(inverseRoot(gramian), tf.sqrt(square)), w);
    save([direction]);
    return {
      value: tf.sum(tf.mul(direction, w)),
      gradFunc: (dy: Tensor, [saved]: Tensor[]) => tf.mul(dy, saved),
    };
  });
  return withGradient(rows) as Scalar;
}

/** WWᵀ, summed in blocks: a float32 sum over all columns in a row would round worse than RESOLUTION. */
function gramianOf(w: Tensor): Tensor {
  const [tasks, size] = w.shape;
  const count = Math.ceil(size / 256);
  const length = Math.ceil(size / count);
  const padded = tf.pad(w, [
    [0, 0],
    [0, count * length - size],
  ]);
  const blocks = tf.transpose(tf.reshape(padded, [tasks, count, length]), [1, 0, 2]);
  return tf.sum(tf.matMul(blocks, blocks, false, true), 0);
}

/**
 * (A + RESOLUTION·I)^(−½) for a positive semi-definite A [K, K] of trace at most 1.
 *
 * Y ← Y·t(ZY), Z ← t(ZY)·Z from Y = A, Z = I, so that Y → A^½ and Z → A^(−½). t(p) = 7/4 − 5/4·p² + 1/2·p⁴ has t(1) = 1 and
 * t′(1) = −½, as the 3/2 − p/2 of Newton and Schulz, and converges like theirs (Higham, "Functions of Matrices",
 * chapter 6); being even, it stays bounded where rounding left an eigenvalue below 0, where theirs runs off to infinity.
 */
function inverseRoot(a: Tensor): Tensor {
  const one = constant(() => tf.eye(a.shape[0]));
  let y = tf.add(a, tf.mul(RESOLUTION, one));
  let z: Tensor = one;
  for (let i = 0; i < ITERATIONS; i++) {
    const p = tf.matMul(z, y);
    const square = tf.matMul(p, p);
    const rest = tf.sub(tf.mul(1.25, one), tf.mul(0.5, square));
    const step = tf.sub(tf.mul(1.75, one), tf.matMul(square, rest));
    y = tf.matMul(y, step);
    z = tf.matMul(step, z);
  }
  return z;
}
