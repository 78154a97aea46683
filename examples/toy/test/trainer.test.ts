import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { CONTRACT, createTrainer, eager, type OptimizerPlugin } from "@polytask/core";
import { onnx } from "@polytask/engine-onnx";
import { pcgrad as surgery } from "@polytask/surgery-pcgrad";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { nothing, tasks, type ToyTask, twoNumbers } from "../src/architecture.ts";
import { type Expectation, reached } from "../src/expect.ts";
import { type Point, STARTS, toy } from "../src/problem.ts";
import { pcgrad, train } from "../src/reference.ts";
import { run } from "../src/run.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

const METHODS = ["sum", "pcgrad"] as const;

describe.each(METHODS)("two numbers in a trainer, %s", (method) => {
  it("gets the float64 gradient at 200 points of the known paths, 1e-4 relative", async () => {
    const before = tf.memory().numTensors;
    const points = pathPoints(method, 200);
    const walk = walking(points);
    await using trainer = await createTrainer(tasks, {
      architecture: twoNumbers(points[0]),
      optimizer: walk.optimizer,
      ...(method === "pcgrad" && { surgery: surgery() }),
    });
    await trainer.fit(nothing, { steps: points.length });
    const found = await walk.gradients();

    expect(found).toHaveLength(200);
    for (const [i, point] of points.entries()) {
      const [a, b] = toy(point).gradients;
      const exact = method === "sum" ? [a[0] + b[0], a[1] + b[1]] : pcgrad(a, b);
      const error = Math.hypot(found[i][0] - exact[0], found[i][1] - exact[1]);
      // Where a run has arrived the two gradients cancel, and of their sum float32 keeps its share of the larger one.
      const cancelled = 1e-6 * Math.max(Math.hypot(...a), Math.hypot(...b));
      expect(error, `at (${point.join(", ")})`).toBeLessThan(
        1e-4 * Math.hypot(...exact) + cancelled,
      );
    }
    await trainer.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each(STARTS)("walks the float64 path for 50 steps from (%f, %f)", async (x1, x2) => {
    const before = tf.memory().numTensors;
    const exact = train({ method, start: [x1, x2], steps: 50 });
    for (const engine of [eager<ToyTask>(), onnx<ToyTask>({ threads: 1 })]) {
      const end = await run({ method, start: [x1, x2], steps: 50 }, engine);
      expect(Math.hypot(end[0] - x1, end[1] - x2)).toBeGreaterThan(0.04);
      expect(Math.abs(end[0] - exact[0])).toBeLessThan(1e-4);
      expect(Math.abs(end[1] - exact[1])).toBeLessThan(1e-4);
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});

/** Points spread evenly over the steps of the three float64 runs, rounded to what a float32 variable holds. */
function pathPoints(method: "sum" | "pcgrad", count: number): Point[] {
  const steps = 100_000;
  const every = Math.ceil((STARTS.length * steps) / count);
  const points: Point[] = [];
  let seen = 0;
  for (const start of STARTS) {
    const onStep = (_step: number, [x1, x2]: Point): void => {
      if (seen++ % every === 0) points.push([Math.fround(x1), Math.fround(x2)]);
    };
    train({ start, steps, method, onStep });
  }
  return points;
}

/** An optimizer that goes from point to point, whatever the gradient, and remembers the gradients. */
function walking(points: readonly Point[]): {
  readonly optimizer: OptimizerPlugin;
  readonly gradients: () => Promise<ArrayLike<number>[]>;
} {
  const seen: tf.Tensor[] = [];
  return {
    optimizer: {
      kind: "optimizer",
      name: "optimizer-walking",
      contract: CONTRACT,
      create: () => ({
        slots: [],
        rate: () => 1,
        scalars: () => [],
        update: (_value, gradient) => {
          seen.push(tf.keep(tf.clone(gradient)));
          return { value: tf.tensor1d([...(points[seen.length] ?? points[0])]), slots: [] };
        },
      }),
    },
    gradients: async () => {
      const values = await Promise.all(seen.map((gradient) => gradient.data()));
      tf.dispose(seen);
      return values;
    },
  };
}

it("prints where every run ends, and that it should", async () => {
  const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [main, "--steps", "20"]);
  const rows = stdout.split("\n").filter((line) => /^(sum|pcgrad) +\(.*\) +\d\.\d{3}$/.test(line));
  expect(rows).toHaveLength(6);
});

it("misses an end that is elsewhere, chaotic or not", () => {
  const calm: Expectation = { end: [-6.433, -8.423], tolerance: 0.05 };
  expect(reached([-6.393, -8.423], calm)).toBe(true);
  expect(reached([-6.373, -8.423], calm)).toBe(false);
  expect(reached([-6.433, -8.323], calm)).toBe(false);
  expect(reached([-5, -8.423], { ...calm, band: [-7, -4] })).toBe(false);
});

it("has two chaotic runs, in float64 as well", () => {
  for (const [index, start] of STARTS.entries()) {
    const ends = [-2e-7, -1e-7, 0, 1e-7, 2e-7].map((moved) =>
      train({ method: "pcgrad", start: [start[0] + moved, start[1]], steps: 100_000 }),
    );
    const [x1, x2] = [0, 1].map((axis) => ends.map((end) => end[axis]));
    const range = Math.max(...x1) - Math.min(...x1);
    if (index === 1) expect(range).toBeLessThan(0.01);
    else expect(range).toBeGreaterThan(0.2);
    expect(Math.max(...x2) - Math.min(...x2)).toBeLessThan(0.05);
  }
});
