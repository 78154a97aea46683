import {
  caseDifferences,
  caseName,
  describeGradients,
  engineGradients,
  gradientCase,
  gradientCases,
  tfjsGradients,
} from "@polytask/testkit";
import { eager } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

// Kernels of the cpu backend, which core does not touch; docs/gradients.md has them repaired.
const wrongOnStockCpu = [
  "dense: product, both batches broadcast",
  "pooling: average pool, same",
  "pooling: average pool, overlapping, same",
  "pooling: average pool, padding 1",
  "pooling: average pool 3-D, same",
  "images: nearest neighbour, a batch",
  "images: nearest neighbour, corners aligned",
];
// Divides by 0 on the stock cpu backend, which a trainer refuses.
const missing = ["images: nearest neighbour, smaller"];
const all = <Value>(names: readonly string[], value: Value): Record<string, Value> =>
  Object.fromEntries(names.map((name) => [name, value]));

describeGradients("the eager engine", engineGradients(eager), {
  against: tfjsGradients(),
  except: { ...all(wrongOnStockCpu, "wrong"), ...all(missing, "missing") },
});

describe("the catalogue", () => {
  it("has a name for each case", () => {
    expect(gradientCases.length).toBeGreaterThan(200);
    expect(new Set(gradientCases.map(caseName)).size).toBe(gradientCases.length);
  });

  it.each(gradientCases.map((of) => [caseName(of), of] as const))(
    "%s: every input has a say in it",
    async (name, of) => {
      // Where the largest number is does not change with its value.
      const flat = name === "indexing: number at the largest" ? 1 : 0;
      const silent = (await caseDifferences(of)).filter((slope) =>
        slope.every((value) => Math.abs(value) < 1e-3),
      );
      expect(silent).toHaveLength(flat);
    },
  );

  it("keeps numbers away from kinks", () => {
    const { inputs } = gradientCase("mine", "kinked", {
      f: (x) => tf.abs(x),
      shapes: [[50], [50]],
      clearOf: [-1, 0],
    });
    for (const { values } of inputs) {
      for (const kink of [-1, 0]) {
        expect(Math.min(...values.map((value) => Math.abs(value - kink)))).toBeGreaterThan(0.249);
      }
    }
  });

  it("draws numbers that are distinct, negative or positive", () => {
    const { inputs } = gradientCase("mine", "drawn", {
      f: tf.add,
      shapes: [[9], [9], [9], [9]],
      values: ["distinct", "distinct", "negative", "positive"],
    });
    const [a, b, negative, positive] = inputs.map(({ values }) => Array.from(values));
    const sorted = [...a, ...b].sort((x, y) => x - y);
    expect(sorted.slice(1).map((value, i) => value - sorted[i])).toEqual(Array(17).fill(0.25));
    expect(Math.max(...negative)).toBeLessThan(-0.2);
    expect(Math.min(...positive)).toBeGreaterThanOrEqual(1);
  });

  it("has differences that follow the formula", async () => {
    const cube = gradientCase("mine", "cube", { f: (x) => tf.mul(x, tf.square(x)), shapes: [[4]] });
    const weights = gradientCase("mine", "itself", { f: (x) => tf.clone(x), shapes: [[4]] });
    const [[slopes], [w]] = [await caseDifferences(cube), await caseDifferences(weights)];
    expect(new Set(w).size).toBe(4);
    cube.inputs[0].values.forEach((x, i) => {
      expect(slopes[i]).toBeCloseTo(3 * x * x * w[i], 4);
    });
  });
});
