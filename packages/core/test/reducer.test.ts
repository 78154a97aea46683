import * as tf from "@tensorflow/tfjs";
import {
  binary,
  CONTRACT,
  createTrainer,
  identity,
  input,
  type Parts,
  type ReducerPlugin,
  regression,
  type RegularizerPlugin,
  sgd,
  type TrainerState,
} from "@polytask/core";
import { expect, it } from "vitest";
import { someData, tiny } from "./tiny.ts";

type Names = "click" | "price";
const tasks = { click: binary(), price: regression() };

/** As many processes as asked for, in one: each `sum` waits for all the others' values. */
function processes(size: number): ReducerPlugin[] {
  let waiting: { values: Float32Array; done: (sum: Float32Array) => void }[] = [];
  const sum = (values: Float32Array): Promise<Float32Array> =>
    new Promise((done) => {
      waiting.push({ values, done });
      if (waiting.length < size) return;
      const all = waiting;
      waiting = [];
      const total = values.map((_, i) => all.reduce((s, one) => s + one.values[i], 0));
      all.forEach((one) => {
        one.done(total.slice());
      });
    });
  return Array.from({ length: size }, () => ({
    kind: "reducer",
    name: "reducer-fake",
    contract: CONTRACT,
    create: () => ({ size, sum }),
  }));
}

const squares: RegularizerPlugin<Names> = {
  kind: "regularizer",
  name: "regularizer-squares",
  contract: CONTRACT,
  create: ({ parameters }) => ({
    penalty: () =>
      tf.mul(0.05, tf.addN(parameters.map(({ variable }) => tf.sum(tf.square(variable))))),
  }),
};

const parts = (more: Partial<Parts<Names>>): Parts<Names> => ({
  architecture: tiny(),
  encoder: input([4]),
  optimizer: sgd({ learningRate: 0.1 }),
  regularizers: [squares],
  ...more,
});

const values = (state: TrainerState) =>
  Object.values(state.variables).flatMap((saved) => Array.from(saved.values));

it.each([
  ["no surgery", {}],
  ["a surgery", { surgery: identity<Names>() }],
])(
  "two processes take the steps of one on the union of their batches, with %s",
  async (_, more) => {
    await tf.setBackend("cpu");
    const before = tf.memory().numTensors;
    const whole = someData(16, 3);
    const rowsOf = (rows: readonly number[]) => ({
      inputs: rows.flatMap((row) => Array.from(whole.inputs.subarray(row * 4, row * 4 + 4))),
      labels: {
        click: rows.map((row) => whole.labels.click[row]),
        price: rows.map((row) => whole.labels.price[row]),
      },
    });
    // Steps of eight: rows 0–3 and 8–11 of one process, 4–7 and 12–15 of the other.
    const halves = [rowsOf([0, 1, 2, 3, 8, 9, 10, 11]), rowsOf([4, 5, 6, 7, 12, 13, 14, 15])];
    {
      await using alone = await createTrainer(tasks, parts(more));
      await alone.fit(whole, { steps: 4, batchSize: 8, shuffle: false });
      const expected = values(await alone.state());

      const ends = await Promise.all(
        processes(2).map(async (reducer, rank) => {
          await using trainer = await createTrainer(tasks, parts({ ...more, reducer }));
          await trainer.fit(halves[rank], { steps: 4, batchSize: 4, shuffle: false });
          return values(await trainer.state());
        }),
      );
      expect(ends[0]).toEqual(ends[1]);
      ends[0].forEach((value, i) => {
        expect(Math.abs(value - expected[i])).toBeLessThan(1e-6);
      });
    }
    expect(tf.memory().numTensors).toBe(before);
  },
);
