/** Embedding tables: repeated ids, threads, and both meanings of `rows`, against sums by hand. */
import {
  type ArchitecturePlugin,
  createTrainer,
  CONTRACT,
  input,
  seededRandom,
  type Task,
} from "@polytask/core";
import { onnx } from "@polytask/engine-onnx";
import { adam, momentum } from "@polytask/optimizers";
import * as tf from "@tensorflow/tfjs";
import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

const ROWS = 50;
const WIDTH = 16;
const IDS = 5000;

/** The loss is the score itself, so that a table's gradient is made of the inputs. */
const itself: Task = {
  kind: "itself",
  units: 1,
  labelShape: [],
  loss: (scores) => tf.squeeze(scores, [-1]),
  link: (scores) => scores,
  noise: "gaussian",
  metrics: [],
};

/** score_k = factor · Σ_j table[id, j]; with two tasks of opposite sign the table is a shared parameter. */
const lookup: ArchitecturePlugin = {
  kind: "architecture",
  name: "arch-lookup",
  contract: CONTRACT,
  create: (scope) => {
    const variable = scope.variable(() => tf.zeros([ROWS, WIDTH]));
    return {
      parameters: [{ name: "table", variable, tasks: scope.tasks, layout: "rows" }],
      lastShared: [],
      forward: (columns) => {
        const { id, factor } = columns as { readonly id: Tensor1D; readonly factor: Tensor2D };
        const ids = tf.cast(id, "int32");
        const score = tf.mul(tf.sum(tf.gather(variable, ids), 1, true), factor);
        return Object.fromEntries(
          scope.tasks.map((name, k) => [name, k === 0 ? score : tf.mul(score, -0.5)]),
        );
      },
    };
  },
};

const random = seededRandom(2)("ids");
// Half of all ids are one row's: many threads meet there.
const ids = Array.from({ length: IDS }, () =>
  random.uniform() < 0.5 ? 7 : Math.floor(random.uniform() * (ROWS - 1)),
);
const factors = ids.map(() => Math.fround(random.normal()));

/** Σ over the examples of a row, in float64, of the mean loss. */
const byHand = Array.from({ length: ROWS }, (_, row) =>
  ids.reduce((sum, id, i) => sum + (id === row ? factors[i] / IDS : 0), 0),
);

const trained = async (
  names: readonly string[],
  threads: number,
  optimizer = momentum({ learningRate: 1, momentum: 0 }),
  batches: readonly (readonly [readonly number[], readonly number[]])[] = [[ids, factors]],
): Promise<Float32Array> => {
  await using trainer = await createTrainer(
    Object.fromEntries(names.map((name) => [name, itself])),
    {
      architecture: lookup,
      encoder: input({ id: [], factor: [1] }),
      optimizer,
      engine: onnx({ threads }),
    },
  );
  const inputs = {
    id: batches.flatMap(([ids]) => [...ids]),
    factor: batches.flatMap(([, factors]) => factors.map((factor) => [factor])),
  };
  const labels = Object.fromEntries(names.map((name) => [name, inputs.id.map(() => 0)]));
  await trainer.fit(
    { inputs, labels },
    { epochs: 1, batchSize: batches[0][0].length, shuffle: false },
  );
  return Float32Array.from((await trainer.state()).variables["architecture/table"].values);
};

describe.each([1, 2, 4])("on %i threads", (threads) => {
  it.each([
    ["one task's", ["one"], 1],
    ["two tasks'", ["one", "two"], 0.5],
  ] as const)("%s gradient adds up over repeated ids", async (_, names, share) => {
    const table = await trained(names, threads);
    const most = Math.max(...byHand.map(Math.abs)) * share;
    table.forEach((value, i) => {
      expect(Math.abs(value + share * byHand[Math.floor(i / WIDTH)]) / most).toBeLessThan(1e-5);
    });
  });
});

describe("adam", () => {
  // Row 3 in the first step, row 5 in the second: exact moves row 3 again, by what its slots remember; lazy does not.
  const batches = [
    [
      [3, 3],
      [1, 2],
    ],
    [
      [5, 5],
      [1, 2],
    ],
  ] as const;
  const rowOf = (table: Float32Array, row: number): number => table[row * WIDTH];

  it.each([
    // β₁ = 0.9, β₂ = 0.999: after g and 0, m̂ = 0.09·g/(1 − 0.81), v̂ = 0.000999·g²/(1 − 0.998001).
    ["exact", -0.1 * (1 + 0.09 / 0.19 / Math.sqrt(0.000999 / 0.001999))],
    ["lazy", -0.1],
  ] as const)('of rows "%s"', async (rows, expected) => {
    const optimizer = adam({ learningRate: 0.1, epsilon: 1e-12, rows });
    const table = await trained(["one"], 2, optimizer, batches);
    expect(rowOf(table, 3)).toBeCloseTo(expected, 5);
    expect(rowOf(table, 0)).toBe(0);
    expect(rowOf(table, 5)).toBeLessThan(0);
  });
});
