import { createTrainer } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { makeCase } from "../dist/cases.js";
import { compose } from "../dist/composition.js";
import { ascendingPcgrad, keepGradient } from "../dist/probe.js";

it("keepGradient keeps the gradient and moves nothing", async () => {
  const before = tf.memory().numTensors;
  const c = makeCase("mmoe-sum", 16);
  const { tasks, parts, data } = compose(c);
  const trainer = await createTrainer(tasks, { ...parts, optimizer: keepGradient() });
  const { variables } = await trainer.state();
  await trainer.fit(data, { steps: 1, batchSize: 16, shuffle: false });
  const after = await trainer.state();
  expect(after.variables).toEqual(variables);

  // ∂/∂c of the mean cross-entropy of sigmoid(z + c) is the mean of sigmoid(z + c) − y.
  const labels = data.labels["task1"] as Float32Array;
  const { task1 } = await trainer.predict(data.inputs);
  const slope = task1.reduce((sum, p, i) => sum + p - labels[i], 0) / 16;
  const [kept] = after.engine.tensors["architecture/head/task1/bias/gradient"].values;
  expect(kept).toBeCloseTo(slope, 6);

  await trainer.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

it("ascendingPcgrad visits the other tasks in ascending order", async () => {
  const { mix } = await ascendingPcgrad().create({} as never);
  // Rows (1, 0), (−1, 1), (−1, −1) of J; task 0 is projected off task 1 first, then off task 2:
  // (1, 0) + ½(−1, 1) = (½, ½), then (½, ½) + ½(−1, −1) = (0, 0).
  const gramian = [
    [1, -1, -1],
    [-1, 2, 0],
    [-1, 0, 2],
  ];
  const mixed = mix?.({ gramian, losses: [], present: [], block: 0, step: 0 });
  expect(mixed?.[0]).toEqual([1, 0.5, 0.5]);
  // Task 1 off task 0: (−1, 1) + (1, 0) = (0, 1), which (−1, −1) conflicts with: + ½(−1, −1).
  expect(mixed?.[1]).toEqual([1, 1, 0.5]);
  // Off task 0: (−1, −1) + (1, 0) = (0, −1), which conflicts with (−1, 1): + ½(−1, 1).
  expect(mixed?.[2]).toEqual([1, 0.5, 1]);
});
