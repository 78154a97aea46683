import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { evaluate } from "./evaluate.ts";
import { type Model, naiveJacobian, traceModel, vectorised } from "./jacobian/model.ts";
import { AWKWARD } from "./jacobian/awkward.ts";

/** ‖found − expected‖ / ‖expected‖ of the worst row of J, and of its sum of rows. */
async function worstRow(model: Model): Promise<number> {
  const traced = traceModel(model);
  const { rows, ones } = vectorised(traced, model);
  const found = traced.names.map((_, i) => rows(i));
  const values = await evaluate(
    [...found.map(({ value }) => value), ...traced.names.map((_, i) => ones(i))],
    traced.memory,
  );
  const naive = await naiveJacobian(model);
  const errors = naive.map((expected, task) => {
    const row = expected.map((block, i) => {
      const place = found[i].copies.indexOf(task);
      const { length } = block;
      return place < 0
        ? new Float32Array(length)
        : (values[i] as Float32Array).subarray(place * length, (place + 1) * length);
    });
    return distance(row, expected);
  });
  const sums = traced.names.map((_, i) =>
    naive[0][i].map((_value, j) => naive.reduce((sum, row) => sum + row[i][j], 0)),
  );
  const total = distance(values.slice(found.length) as Float32Array[], sums);
  return Math.max(total, ...errors);
}

function distance(found: readonly Float32Array[], expected: readonly Float32Array[]): number {
  let [error, size] = [0, 0];
  expected.forEach((block, i) =>
    block.forEach((value, j) => {
      error += (found[i][j] - value) ** 2;
      size += value ** 2;
    }),
  );
  return error === 0 ? 0 : Math.sqrt(error / size);
}

beforeAll(async () => {
  await tf.setBackend("cpu");
});

describe("the vectorised Jacobian is what one backward pass per task finds", () => {
  for (const [name, model] of Object.entries(AWKWARD)) {
    it(name, async () => {
      const { numTensors } = tf.memory();
      expect(await worstRow(model)).toBeLessThan(1e-6);
      expect(tf.memory().numTensors).toBe(numTensors);
    });
  }
});
