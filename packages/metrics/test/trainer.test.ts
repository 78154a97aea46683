import {
  type ArchitecturePlugin,
  binary,
  CONTRACT,
  createTrainer,
  input,
  multiclass,
  type PerTask,
  regression,
} from "@polytask/core";
import { accuracy, auc, logLoss, mae, r2, rmse } from "@polytask/metrics";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { measure } from "./support.ts";

/** One linear layer for every task. */
const linear = <Name extends string>(): ArchitecturePlugin<Name> => ({
  kind: "architecture",
  name: "arch-linear",
  contract: CONTRACT,
  create: (scope) => {
    const { normal } = scope.random("kernels");
    const heads = scope.tasks.map((task) => {
      const shape: [number, number] = [2, scope.task(task).units];
      const values = Array.from({ length: shape[0] * shape[1] }, normal);
      return { task, kernel: scope.variable(() => tf.tensor2d(values, shape)) };
    });
    return {
      parameters: heads.map(({ task, kernel }) => ({
        name: task,
        variable: kernel,
        tasks: [task],
      })),
      lastShared: [],
      forward: (inputs) =>
        Object.fromEntries(
          heads.map(({ task, kernel }) => [
            task,
            tf.matMul(inputs as tf.Tensor2D, kernel as tf.Tensor2D),
          ]),
        ) as PerTask<Name, tf.Tensor>,
    };
  },
});

it("evaluate measures the labelled examples alone, whatever the size of its batches", async () => {
  const before = tf.memory().numTensors;
  const n = 23;
  const at = (i: number): number => Math.sin(5 * i);
  const every = <T>(make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
  const data = {
    inputs: every((i) => [at(i), at(i + 100)]),
    labels: {
      click: every((i) => (i % 4 === 0 ? null : Number(at(i) + at(3 * i) > 0))),
      genre: every((i) => (i % 5 === 1 ? null : i % 3)),
      value: every((i) => (i % 6 === 2 ? NaN : 10 * at(i + 7))),
    },
  };
  const tasks = {
    click: binary({ metrics: [auc(), logLoss(), accuracy()] }),
    genre: multiclass(3, { metrics: [logLoss(), accuracy()] }),
    value: regression({ metrics: [rmse(), mae(), r2()] }),
  };
  const trainer = await createTrainer(tasks, { encoder: input([2]), architecture: linear() });
  await trainer.fit(data, { epochs: 1, batchSize: 8 });
  const predictions = await trainer.predict(data.inputs);
  const { metrics } = await trainer.evaluate(data, { batchSize: 7 });

  for (const task of ["click", "genre", "value"] as const) {
    const width = tasks[task].units;
    const kept = data.labels[task].flatMap((label, i) =>
      label === null || Number.isNaN(label) ? [] : [i],
    );
    expect(kept.length).toBeLessThan(n);
    const p = kept.flatMap((i) =>
      Array.from(predictions[task].subarray(i * width, (i + 1) * width)),
    );
    const y = kept.map((i) => Number(data.labels[task][i]));
    for (const metric of tasks[task].metrics) {
      expect(metrics[task]?.[metric.name], metric.name).toBeCloseTo(
        measure(metric, p, y, { width }),
        5,
      );
    }
  }
  // The mean loss of a task is its log loss or squared error.
  const { losses } = await trainer.evaluate(data);
  expect(metrics.click?.["logLoss"]).toBeCloseTo(losses.click ?? NaN, 5);
  expect(metrics.genre?.["logLoss"]).toBeCloseTo(losses.genre ?? NaN, 5);
  expect((metrics.value?.["rmse"] ?? NaN) ** 2).toBeCloseTo(losses.value ?? NaN, 3);
  await trainer.dispose();
  expect(tf.memory().numTensors).toBe(before);
});
