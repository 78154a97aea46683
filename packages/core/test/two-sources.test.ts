import * as tf from "@tensorflow/tfjs";
import {
  type ArchitecturePlugin,
  binary,
  CONTRACT,
  createTrainer,
  identity,
  input,
  type Inputs,
  regression,
  type StepReport,
} from "@polytask/core";
import { expect, it } from "vitest";
import { numbers } from "./tiny.ts";

type Names = "click" | "price";

/** A column of its own for each task, a projection of its own, one shared layer, a head of its own. */
const twoDoors: ArchitecturePlugin<Names> = {
  kind: "architecture",
  name: "arch-two-doors",
  contract: CONTRACT,
  create: (scope) => {
    const random = scope.random("init");
    const make = (rows: number, columns: number) =>
      scope.variable(() =>
        tf.tensor2d(
          Float32Array.from({ length: rows * columns }, () => random.normal() / 2),
          [rows, columns],
        ),
      );
    const doors = { click: make(3, 5), price: make(2, 5) };
    const shared = make(5, 4);
    const heads = { click: make(4, 1), price: make(4, 1) };
    return {
      parameters: [
        { name: "shared", variable: shared, tasks: ["click", "price"] },
        ...(["click", "price"] as const).flatMap((task) => [
          { name: `door/${task}`, variable: doors[task], tasks: [task] },
          { name: `head/${task}`, variable: heads[task], tasks: [task] },
        ]),
      ],
      lastShared: [shared],
      forward: (inputs: Inputs, pass) =>
        Object.fromEntries(
          pass.tasks.map((task) => {
            const x = (inputs as Record<string, tf.Tensor2D>)[task];
            const door = tf.tanh(tf.matMul(x, doors[task] as tf.Tensor2D));
            const h = tf.tanh(tf.matMul(door, shared as tf.Tensor2D));
            return [task, tf.matMul(h, heads[task])];
          }),
        ),
    };
  },
};

it("two tasks with other columns, batch sizes and lengths: G is that of two backward passes", async () => {
  await tf.setBackend("cpu");
  const before = tf.memory().numTensors;
  const tasks = { click: binary(), price: regression() };
  const click = numbers(20 * 3, 1);
  const price = numbers(9 * 2, 2);
  const clicks = Array.from({ length: 20 }, (_, i) => (click[i * 3] > 0 ? 1 : 0));
  const prices = Array.from({ length: 9 }, (_, i) => price[i * 2]);
  const reports: StepReport<Names>[] = [];
  {
    await using trainer = await createTrainer(tasks, {
      architecture: twoDoors,
      encoder: input({ click: [3], price: [2] }, { partial: true }),
      surgery: identity(),
      observers: [
        {
          kind: "observer",
          name: "observer-watch",
          contract: CONTRACT,
          create: () => ({ step: (report) => void reports.push(report) }),
        },
      ],
    });
    const start = (await trainer.state()).variables;
    await trainer.fit(
      [
        { inputs: { click }, labels: { click: clicks }, batchSize: 4 },
        { inputs: { price }, labels: { price: prices }, batchSize: 2 },
      ],
      { epochs: 2, shuffle: false },
    );
    // The longer set makes the epoch: 5 steps; the shorter one starts again within it.
    expect(trainer.step).toBe(10);
    expect(reports.map(({ counts }) => counts.price)).toEqual([2, 2, 2, 2, 1, 2, 2, 2, 2, 1]);

    const weights = (name: string) => {
      const { shape, values } = start[`architecture/${name}`];
      return tf.tensor2d(values, shape as [number, number]);
    };
    const row = (task: Names, x: number[], width: number, labels: number[]) =>
      tf.tidy(() => {
        const rows = labels.length;
        const loss = (shared: tf.Tensor) => {
          const door = tf.tanh(
            tf.matMul(
              tf.tensor2d(x.slice(0, rows * width), [rows, width]),
              weights(`door/${task}`),
            ),
          );
          const h = tf.tanh(tf.matMul(door, shared as tf.Tensor2D));
          const scores = tf.matMul(h, weights(`head/${task}`));
          return tf.mean(tasks[task].loss(scores, tf.tensor1d(labels)));
        };
        return tf.grad(loss)(weights("shared"));
      });
    const a = row("click", click, 3, clicks.slice(0, 4));
    const b = row("price", price, 2, prices.slice(0, 2));
    const [av, bv] = [await a.data(), await b.data()];
    tf.dispose([a, b]);
    const dot = (p: ArrayLike<number>, q: ArrayLike<number>) =>
      Array.from(p).reduce((sum, v, i) => sum + v * q[i], 0);
    const expected = [
      [dot(av, av), dot(av, bv)],
      [dot(bv, av), dot(bv, bv)],
    ];
    expected.forEach((line, i) => {
      line.forEach((value, j) => {
        const got = reports[0].gramian?.[i][j] ?? NaN;
        expect(Math.abs(got - value)).toBeLessThan(1e-6 * Math.max(1e-2, Math.abs(value)));
      });
    });
  }
  expect(tf.memory().numTensors).toBe(before);
});
