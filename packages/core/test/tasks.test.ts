import * as tf from "@tensorflow/tfjs";
import { binary, multiclass, PolytaskError, regression, type Task } from "@polytask/core";
import { describe, expect, it } from "vitest";

/** Loss per example, and dL/ds by central differences of a float64 formula. */
const cases: readonly {
  readonly name: string;
  readonly task: Task;
  readonly scores: number[][];
  readonly labels: number[];
  readonly loss: (scores: number[], label: number) => number;
}[] = [
  {
    name: "binary from logits",
    task: binary(),
    scores: [[-30], [-2], [0], [0.5], [30]],
    labels: [1, 0, 1, 1, 0],
    loss: ([s], y) => (y === 1 ? Math.log1p(Math.exp(-s)) : s + Math.log1p(Math.exp(-s))),
  },
  {
    name: "binary from log-probabilities",
    task: binary({ from: "logProbability" }),
    scores: [[-3], [-0.7], [-0.1], [-0.01]],
    labels: [1, 0, 1, 0],
    loss: ([s], y) => (y === 1 ? -s : -Math.log(1 - Math.exp(s))),
  },
  {
    name: "multiclass",
    task: multiclass(3),
    scores: [
      [1, 2, 3],
      [-20, 0, 20],
      [0, 0, 0],
    ],
    labels: [0, 2, 1],
    loss: (s, y) => Math.log(s.reduce((sum, v) => sum + Math.exp(v - s[y]), 0)),
  },
  {
    name: "regression, standardised",
    task: regression({ mean: 10, deviation: 4 }),
    scores: [[-1], [0], [2.5]],
    labels: [3, 10, 11],
    loss: ([s], y) => (s - (y - 10) / 4) ** 2,
  },
];

describe.each(cases)("$name", ({ task, scores, labels, loss }) => {
  it("has the loss of its formula", async () => {
    const before = tf.memory().numTensors;
    const found = tf.tidy(() => task.loss(tf.tensor2d(scores), tf.tensor1d(labels)));
    const values = await found.data();
    found.dispose();
    scores.forEach((s, i) => {
      expect(values[i]).toBeCloseTo(loss(s, labels[i]), 5);
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  it("has the gradient of its formula", async () => {
    const found = tf.tidy(() =>
      tf.grad((s) => tf.sum(task.loss(s, tf.tensor1d(labels))))(tf.tensor2d(scores)),
    );
    const values = await found.array();
    found.dispose();
    scores.forEach((s, i) => {
      s.forEach((_, j) => {
        const at = (d: number) =>
          loss(
            s.map((v, k) => (k === j ? v + d : v)),
            labels[i],
          );
        const expected = (at(1e-5) - at(-1e-5)) / 2e-5;
        const got = (values as number[][])[i][j];
        expect(Math.abs(got - expected)).toBeLessThan(1e-4 * Math.max(1, Math.abs(expected)));
      });
    });
  });
});

describe("predictions", () => {
  it("come in the labels' own units", async () => {
    const scores = tf.tensor2d([[0], [1], [-2]]);
    const prediction = regression({ mean: 10, deviation: 4 }).link(scores);
    expect(Array.from(await prediction.data())).toEqual([10, 14, 2]);
    const halves = binary().link(tf.tensor2d([[0]]));
    expect(Array.from(await halves.data())).toEqual([0.5]);
    tf.dispose([scores, prediction, halves]);
  });
});

describe("options", () => {
  it.each([
    () => multiclass(1),
    () => multiclass(2.5),
    () => regression({ deviation: 0 }),
    () => regression({ mean: NaN }),
  ])("out of range throw", (make) => {
    expect(make).toThrow(PolytaskError);
    expect(make).toThrow(/POLYTASK_OPTION/);
  });
});
