import { type ArchitecturePlugin, CONTRACT } from "@polytask/core";
import { onnx } from "@polytask/engine-onnx";
import * as tf from "@tensorflow/tfjs";
import type { Tensor2D } from "@tensorflow/tfjs";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { data, engines, ROWS, start, train } from "./support.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});
let warnings: string[] = [];
beforeEach(() => {
  warnings = [];
  vi.spyOn(console, "warn").mockImplementation((text: string) => void warnings.push(text));
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** One score is made with a number that enters the step neither through the pass nor as a `constant`. */
const numbersOfItsOwn: ArchitecturePlugin = {
  kind: "architecture",
  name: "arch-own-numbers",
  contract: CONTRACT,
  create: (scope) => {
    const variable = scope.variable(() => tf.tensor2d([0.5, -0.25, 1], [3, 1]));
    return {
      parameters: [{ name: "w", variable, tasks: scope.tasks }],
      lastShared: [],
      forward: (x) => {
        const score = tf.matMul(x as Tensor2D, variable);
        return { a: tf.mul(score, tf.tensor1d([2])), b: score };
      },
    };
  },
};

it("refuses a constant made behind its back, naming op, plugin and remedy, and loses nothing", async () => {
  await using trainer = await start({
    architecture: numbersOfItsOwn,
    engine: onnx({ threads: 1 }),
  });
  const { variables } = await trainer.state();
  // As often as it is asked.
  for (let time = 0; time < 2; time++) {
    await expect(trainer.fit(data, { steps: 1, batchSize: ROWS })).rejects.toMatchObject({
      code: "POLYTASK_TRACE_CONSTANT",
      message: expect.stringContaining("arch-own-numbers") as string,
      remedy: expect.stringContaining("constant(") as string,
    });
  }
  expect(await trainer.state()).toMatchObject({ variables, step: 0 });
});

it('goes on with the eager engine after one warning, where fallback is "eager"', async () => {
  const parts = { architecture: numbersOfItsOwn };
  const eager = await train({ ...parts, engine: engines["eager"]() }, 4);
  expect(warnings).toEqual([]);
  const fallen = await train({ ...parts, engine: onnx({ threads: 1, fallback: "eager" }) }, 4);
  expect(fallen.variables).toEqual(eager.variables);
  expect(warnings).toEqual([expect.stringContaining("POLYTASK_TRACE_CONSTANT")]);
});
