/** The Gramian's sign decides what a surgery does, so it is tried where float32 has few digits left. */
import { useBackend } from "@polytask/backend";
import { seededRandom } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { gramian } from "../../packages/core/dist/gramian.js";

const MILLION = 1_000_000;
const random = seededRandom(11)("rows");

it("has the right sign in 1,000 of 1,000 pairs with |cos| = 1e-5 at a million columns", async () => {
  await useBackend("wasm");
  // Orthonormal directions q; v_i = Σ_j L_ij·q_j with L·Lᵀ = I ± 1e-5 off the diagonal: 528 pairs a round.
  const TASKS = 33;
  const COSINE = 1e-5;
  const directions = orthonormal(TASKS, MILLION, () => random.uniform() - 0.5);
  let pairs = 0;
  let right = 0;
  while (pairs < 1000) {
    const target = Array.from({ length: TASKS }, () => new Array<number>(TASKS).fill(0));
    for (let i = 0; i < TASKS; i++) {
      target[i][i] = 1;
      for (let j = 0; j < i; j++) {
        target[i][j] = target[j][i] = random.uniform() < 0.5 ? COSINE : -COSINE;
      }
    }
    const rows = cholesky(target).map((row) => {
      const sum = new Float64Array(MILLION);
      directions.forEach((direction, j) => {
        if (row[j] === 0) return;
        for (let c = 0; c < MILLION; c++) sum[c] += row[j] * direction[c];
      });
      return Float32Array.from(sum);
    });
    const tensor = tf.tidy(() => tf.stack(rows.map((row) => tf.tensor1d(row)))) as tf.Tensor2D;
    const found = await gramian(tensor);
    tensor.dispose();
    for (let i = 0; i < TASKS; i++) {
      for (let j = 0; j < i; j++) {
        pairs++;
        if (Math.sign(found[i][j]) === Math.sign(target[i][j])) right++;
      }
    }
  }
  expect(right).toBe(pairs);
}, 180_000);

function orthonormal(count: number, size: number, draw: () => number): Float64Array[] {
  const result: Float64Array[] = [];
  for (let i = 0; i < count; i++) {
    const vector = Float64Array.from({ length: size }, draw);
    for (const known of result) {
      let along = 0;
      for (let c = 0; c < size; c++) along += vector[c] * known[c];
      for (let c = 0; c < size; c++) vector[c] -= along * known[c];
    }
    let length = 0;
    for (let c = 0; c < size; c++) length += vector[c] * vector[c];
    length = Math.sqrt(length);
    for (let c = 0; c < size; c++) vector[c] /= length;
    result.push(vector);
  }
  return result;
}

function cholesky(a: number[][]): number[][] {
  const lower = a.map((row) => row.map(() => 0));
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i][j];
      for (let k = 0; k < j; k++) sum -= lower[i][k] * lower[j][k];
      lower[i][j] = i === j ? Math.sqrt(sum) : sum / lower[j][j];
    }
  }
  return lower;
}
