import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { useBackend } from "@polytask/backend";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { type Budget, finalLoss, type NetworkName, networks } from "../src/compare.ts";
import { synthetic } from "../src/data.ts";

const budget: Budget = {
  rows: 1000,
  heldOut: 500,
  epochs: 10,
  batchSize: 100,
  learningRate: 1e-2,
};

beforeAll(async () => {
  await useBackend("wasm");
});

describe.each(Object.keys(networks) as NetworkName[])("%s on synthetic data", (network) => {
  it("explains part of what it has not seen, the same part twice", async () => {
    const before = tf.memory().numTensors;
    const problem = { p: 0.9, seed: 1 };
    const loss = await finalLoss(network, problem, budget);
    expect(loss).toBeLessThan(0.9 * variance(problem));
    expect(await finalLoss(network, problem, { ...budget })).toBe(loss);
    expect(tf.memory().numTensors).toBe(before);
  });
});

/** Loss of the best constant on the held-out examples, the mean of both tasks. */
function variance(problem: { readonly p: number; readonly seed: number }): number {
  const { labels } = synthetic({ ...problem, rows: budget.rows + budget.heldOut, d: 100 });
  const of = (column: Float32Array): number => {
    const held = column.subarray(budget.rows);
    const mean = held.reduce((a, b) => a + b, 0) / held.length;
    return held.reduce((sum, y) => sum + (y - mean) ** 2, 0) / held.length;
  };
  return (of(labels.first) + of(labels.second)) / 2;
}

it("prints a table of both networks for three values of p", async () => {
  const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [
    main,
    "--seeds",
    "1",
    "--epochs",
    "1",
  ]);
  const rows = stdout.split("\n").filter((line) => /^(0\.5|0\.9|1) +\d/.test(line));
  expect(rows).toHaveLength(3);
  for (const row of rows)
    expect(row).toMatch(/^\S+ +\d+\.\d{3} ± 0\.000 +\d+\.\d{3} ± 0\.000 +[01] of 1$/);
});
