import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { STARTS, toy, toyLosses, type Point } from "../src/problem.ts";
import { KNOWN, pcgrad, train } from "../src/reference.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

const METHODS = ["sum", "pcgrad"] as const;
const WIDELY: readonly Point[] = [
  [-8.5, 7.5],
  [9, 9],
  [-8.5, -5],
  [3.1, -0.4],
  [-2, 0.7],
  [6.5, -9],
];

describe("float64 toy", () => {
  it.each(WIDELY)("has the gradients of central differences at (%f, %f)", (x1, x2) => {
    const h = 1e-6;
    const { gradients } = toy([x1, x2]);
    for (const task of [0, 1] as const) {
      const at = (dx1: number, dx2: number) => toy([x1 + dx1, x2 + dx2]).losses[task];
      expect(gradients[task][0]).toBeCloseTo((at(h, 0) - at(-h, 0)) / (2 * h), 6);
      expect(gradients[task][1]).toBeCloseTo((at(0, h) - at(0, -h)) / (2 * h), 6);
    }
  });

  it("passes the gradient of both maxima at the tie, so that a run can leave (0, 0)", () => {
    // L = 0 there; ∂L_i/∂x₂ = ½·f_i − ½·h_i, f = log 3.5 + 6 both, h = (49 + 6.4)/10 − 20 both.
    const slope = 0.5 * (Math.log(3.5) + 6) - 0.5 * (55.4 / 10 - 20);
    const { losses, gradients } = toy([0, 0]);
    expect(losses).toEqual([0, 0]);
    for (const gradient of gradients) {
      expect(gradient[0]).toBeCloseTo(0, 12);
      expect(gradient[1]).toBeCloseTo(slope, 12);
    }
  });

  it("scales the first loss only", () => {
    const [one, tenth] = [toy([-3, 2]), toy([-3, 2], { scale: 0.1 })];
    expect(tenth.losses[0]).toBeCloseTo(0.1 * one.losses[0], 12);
    expect(tenth.gradients[0][1]).toBeCloseTo(0.1 * one.gradients[0][1], 12);
    expect(tenth.losses[1]).toBe(one.losses[1]);
  });

  it.each(METHODS)("ends %s where it is known to end", (method) => {
    for (const [index, start] of STARTS.entries()) {
      const end = train({ start, steps: 100_000, method });
      expect(Math.abs(end[0] - KNOWN[method][index][0])).toBeLessThan(0.05);
      expect(Math.abs(end[1] - KNOWN[method][index][1])).toBeLessThan(0.05);
    }
  });

  it("ends the plain sum from (0, 0) in the middle of the Pareto set", () => {
    const end = train({ start: [0, 0], steps: 100_000, method: "sum" });
    expect(end[0]).toBeCloseTo(0, 3);
    expect(end[1]).toBeCloseTo(-8.355, 3);
  });
});

describe("toy on the tape", () => {
  it("agrees with float64 along 200 points of the known paths, and at the tie, within 1e-4", async () => {
    const points = [...pathPoints(200), [0, 0] as Point].map(rounded);
    const found = await taped(points);
    for (const [k, point] of points.entries()) {
      const exact = toy(point);
      for (const task of [0, 1] as const) {
        expect(Math.abs(found.losses[task][k] - exact.losses[task])).toBeLessThan(1e-4);
        const [g1, g2] = exact.gradients[task];
        const error = Math.hypot(found.x1[task][k] - g1, found.x2[task][k] - g2);
        expect(error / Math.hypot(g1, g2)).toBeLessThan(1e-4);
      }
    }
  });

  it("takes scalars, and leaks nothing", () => {
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const [l1] = toyLosses(tf.scalar(-3), tf.scalar(2), { scale: 0.1 });
      expect(l1.shape).toEqual([]);
      tf.grads((a, b) => toyLosses(a, b)[1])([tf.scalar(-3), tf.scalar(2)]);
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("pcgrad", () => {
  it("projects conflicting gradients and leaves agreeing ones", () => {
    expect(pcgrad([1, 0], [-1, 1])).toEqual([0.5, 1.5]);
    expect(pcgrad([1, 0], [1, 1])).toEqual([2, 1]);
  });
});

/** Points spread evenly over the steps of all six runs. */
function pathPoints(count: number): Point[] {
  const points: Point[] = [];
  const runs = METHODS.flatMap((method) => STARTS.map((start) => ({ method, start })));
  const every = Math.ceil((runs.length * 100_000) / count);
  let seen = 0;
  for (const run of runs) {
    const onStep = (_step: number, x: Point) => {
      if (seen++ % every === 0) points.push(x);
    };
    train({ ...run, steps: 100_000, onStep });
  }
  return points;
}

/** What float32 keeps of a point: the comparison is about arithmetic, not about the rounding of x. */
function rounded([x1, x2]: Point): Point {
  return [Math.fround(x1), Math.fround(x2)];
}

interface Taped {
  readonly losses: readonly Float32Array[];
  readonly x1: readonly Float32Array[];
  readonly x2: readonly Float32Array[];
}

/** Losses and gradients of both tasks at all points in one pass: elementwise, so that the sum separates them. */
async function taped(points: readonly Point[]): Promise<Taped> {
  const x1 = tf.tensor1d(points.map((point) => point[0]));
  const x2 = tf.tensor1d(points.map((point) => point[1]));
  const read = async (tensor: tf.Tensor) => (await tensor.data()) as Float32Array;
  const result: { losses: Float32Array[]; x1: Float32Array[]; x2: Float32Array[] } = {
    losses: [],
    x1: [],
    x2: [],
  };
  for (const task of [0, 1] as const) {
    result.losses.push(await read(toyLosses(x1, x2)[task]));
    const [g1, g2] = tf.grads((a, b) => tf.sum(toyLosses(a, b)[task]))([x1, x2]);
    result.x1.push(await read(g1));
    result.x2.push(await read(g2));
  }
  return result;
}
