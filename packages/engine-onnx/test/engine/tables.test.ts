/** Embedding tables: repeated ids, threads, and both meanings of `rows`, against sums by hand. */
import {
  type ArchitecturePlugin,
  createTrainer,
  CONTRACT,
  eager,
  type EnginePlugin,
  input,
  type OptimizerPlugin,
  seededRandom,
  type Task,
  type Trainer,
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

type Batches = readonly (readonly [readonly number[], readonly number[]])[];
const start = (names: readonly string[], optimizer: OptimizerPlugin, engine: EnginePlugin) =>
  createTrainer(Object.fromEntries(names.map((name) => [name, itself])), {
    architecture: lookup,
    encoder: input({ id: [], factor: [1] }),
    optimizer,
    engine,
  });
/** Trains until all batches, or so many, have been seen. */
const fit = async (trainer: Trainer<string>, batches: Batches, steps = batches.length) => {
  const inputs = {
    id: batches.flatMap(([ids]) => [...ids]),
    factor: batches.flatMap(([, factors]) => factors.map((factor) => [factor])),
  };
  const labels = Object.fromEntries(trainer.tasks.map((name) => [name, inputs.id.map(() => 0)]));
  await trainer.fit({ inputs, labels }, { steps, batchSize: batches[0][0].length, shuffle: false });
};
const trained = async (
  names: readonly string[],
  threads: number,
  optimizer = momentum({ learningRate: 1, momentum: 0 }),
  batches: Batches = [[ids, factors]],
): Promise<Float32Array> => {
  await using trainer = await start(names, optimizer, onnx({ threads }));
  await fit(trainer, batches);
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

  describe.each(["exact", "lazy"] as const)('of rows "%s"', (rows) => {
    // Few ids of many rows, many of them repeated: in most steps most rows have no gradient.
    const few = Array.from({ length: 6 }, (_, step) => {
      const from = 40 * step;
      return [ids.slice(from, from + 40), factors.slice(from, from + 40)] as const;
    });
    const make = (engine: EnginePlugin, choice: "exact" | "lazy" = rows) =>
      start(["one", "two"], adam({ learningRate: 0.1, rows: choice }), engine);
    const engines = { eager: () => eager(), compiled: () => onnx({ threads: 2 }) };
    type Name = keyof typeof engines;

    /** Six steps, the last of them on another engine than the first; values and slots at the end. */
    const run = async (first: Name, second: Name, after: number): Promise<number[]> => {
      await using one = await make(engines[first]());
      await fit(one, few, after);
      await using two = await make(engines[second]());
      await two.restore(structuredClone(await one.state()));
      await fit(two, few);
      const { variables, engine } = await two.state();
      const saved = [variables["architecture/table"], ...Object.values(engine.tensors)];
      expect(saved).toHaveLength(3);
      return saved.flatMap(({ values }) => [...values]);
    };

    it("means the same in both engines, from each other's states too", async () => {
      const expected = await run("eager", "eager", 3);
      for (const [first, second, after] of [
        ["compiled", "compiled", 3],
        ["compiled", "eager", 2],
        ["eager", "compiled", 4],
      ] as const) {
        (await run(first, second, after)).forEach((value, i) => {
          expect(value).toBeCloseTo(expected[i], 5);
        });
      }
    });

    it("is saved, and the other choice's state refused", async () => {
      await using one = await make(engines.compiled());
      await fit(one, few, 2);
      await using other = await make(engines.compiled(), rows === "lazy" ? "exact" : "lazy");
      await expect(other.restore(await one.state())).rejects.toMatchObject({
        code: "POLYTASK_STATE",
        message: expect.stringContaining(`"${rows}"`) as string,
      });
    });
  });
});
