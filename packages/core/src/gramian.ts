import * as tf from "@tensorflow/tfjs";
import type { Tensor, Tensor2D } from "@tensorflow/tfjs";

/**
 * Up to so many columns J is read and handled on the host in float64: cheaper than kernels, and exact where nearly opposed
 * gradients cancel.
 */
export const SMALL = 1024;

/** The rows of a small tensor, on the host. */
export async function readRows(tensor: Tensor2D): Promise<Float64Array[]> {
  const [rows, columns] = tensor.shape;
  const values = await tensor.data();
  return Array.from({ length: rows }, (_, i) =>
    Float64Array.from(values.subarray(i * columns, (i + 1) * columns)),
  );
}

/** Products are summed in float32 inside a block, and blocks in float64 on the host. */
const BLOCK = 256;

/**
 * G = J·Jᵀ, [T, P] → [T, T], to a relative error below 1e-6·√(G_ii·G_jj).
 *
 * Surgery is decided by signs near 0, where a plain float32 sum over a million products has lost its digits.
 */
export async function gramian(jacobian: Tensor2D): Promise<number[][]> {
  const [tasks, columns] = jacobian.shape;
  if (columns <= SMALL) {
    const rows = await readRows(jacobian);
    return rows.map((a) => rows.map((b) => a.reduce((sum, value, i) => sum + value * b[i], 0)));
  }
  const blocks = Math.ceil(columns / BLOCK);
  const partial: Tensor = tf.tidy(() => {
    if (blocks === 1) return tf.matMul(jacobian, jacobian, false, true);
    const padded = tf.pad(jacobian, [
      [0, 0],
      [0, blocks * BLOCK - columns],
    ]);
    const parts = tf.transpose(tf.reshape(padded, [tasks, blocks, BLOCK]), [1, 0, 2]);
    return tf.matMul(parts, parts, false, true);
  });
  const sums = await partial.data();
  partial.dispose();
  const result = Array.from({ length: tasks }, () => new Array<number>(tasks).fill(0));
  for (let block = 0; block < blocks; block++) {
    for (let i = 0; i < tasks; i++) {
      for (let j = 0; j <= i; j++) result[i][j] += sums[(block * tasks + i) * tasks + j];
    }
  }
  for (let i = 0; i < tasks; i++) {
    for (let j = 0; j < i; j++) result[j][i] = result[i][j];
  }
  return result;
}
