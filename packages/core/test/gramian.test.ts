import * as tf from "@tensorflow/tfjs";
import { seededRandom } from "@polytask/core";
import { describe, expect, it } from "vitest";
import { gramian } from "../dist/gramian.js";

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  // Neumaier's compensated sum: the reference must not lose what it measures.
  let sum = 0;
  let lost = 0;
  for (let i = 0; i < a.length; i++) {
    const term = a[i] * b[i];
    const next = sum + term;
    lost += Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum;
    sum = next;
  }
  return sum + lost;
};

async function errors(rows: readonly Float32Array[]): Promise<number[]> {
  const tensor = tf.tidy(() => tf.stack(rows.map((row) => tf.tensor1d(row)))) as tf.Tensor2D;
  const found = await gramian(tensor);
  tensor.dispose();
  return rows.flatMap((a, i) =>
    rows.map((b, j) => Math.abs(found[i][j] - dot(a, b)) / Math.sqrt(dot(a, a) * dot(b, b))),
  );
}

describe("gramian", () => {
  const random = seededRandom(11)("rows");
  const MILLION = 1_000_000;

  it("is within 1e-6 at a million columns, whatever the scale and shape of the numbers", async () => {
    const laws: readonly (() => number)[] = [
      () => random.normal(),
      () => 1 + 1e-3 * random.normal(),
      () => 1e-8 * random.normal(),
      () => 1e6 * random.normal() ** 3,
    ];
    const rows = laws.map((law) => Float32Array.from({ length: MILLION }, law));
    const before = tf.memory().numTensors;
    expect(Math.max(...(await errors(rows)))).toBeLessThan(1e-6);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("handles a single column, none, and a length that is no multiple of the block", async () => {
    for (const length of [1, 255, 256, 257]) {
      const rows = [0, 1].map(() => Float32Array.from({ length }, () => random.normal()));
      expect(Math.max(...(await errors(rows)))).toBeLessThan(1e-6);
    }
    const none = tf.zeros<tf.Rank.R2>([2, 0]);
    expect(await gramian(none)).toEqual([
      [0, 0],
      [0, 0],
    ]);
    none.dispose();
  });
});
