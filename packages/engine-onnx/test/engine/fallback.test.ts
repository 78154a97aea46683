import { type ArchitecturePlugin, CONTRACT } from "@polytask/core";
import { onnx } from "@polytask/engine-onnx";
import * as tf from "@tensorflow/tfjs";
import type { Tensor, Tensor2D } from "@tensorflow/tfjs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
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

/** score = x·w; b's is made of a's by code that cannot be compiled. */
const architecture = (second: (score: Tensor) => Tensor): ArchitecturePlugin => ({
  kind: "architecture",
  name: "arch-stray",
  contract: CONTRACT,
  create: (scope) => {
    const variable = scope.variable(() => tf.tensor2d([0.5, -0.25, 1], [3, 1]));
    return {
      parameters: [{ name: "w", variable, tasks: scope.tasks }],
      lastShared: [],
      forward: (x) => {
        const a = tf.matMul(x as Tensor2D, variable);
        return { a, b: second(a) };
      },
    };
  },
});

const double = (x: Tensor): Tensor => tf.mul(x, 2);
beforeAll(() => {
  tf.registerKernel({
    kernelName: "AcmeDouble",
    backendName: "cpu",
    kernelFunc: ({ inputs }) => double(inputs["x"] as Tensor),
  });
  tf.registerGradient({
    kernelName: "AcmeDouble",
    gradFunc: (dy) => ({ x: () => double(dy as Tensor) }),
  });
});
afterAll(() => {
  tf.unregisterKernel("AcmeDouble", "cpu");
  tf.unregisterGradient("AcmeDouble");
});

interface Stray {
  readonly second: Parameters<typeof architecture>[0];
  readonly code: string;
  /** What was met, and what to do. */
  readonly found: string;
  readonly remedy: string;
}

const strays: Readonly<Record<string, Stray>> = {
  "an op without a lowering": {
    second: (score) => tf.engine().runKernel("AcmeDouble", { x: score }),
    code: "POLYTASK_TRACE_KERNEL",
    found: '"AcmeDouble"',
    remedy: 'registerLowering("AcmeDouble"',
  },
  "a value that is read": {
    // eslint-disable-next-line no-restricted-syntax -- reading at once is the mistake that is tried
    second: (score) => (tf.max(score).dataSync()[0] > 0 ? double(score) : score),
    code: "POLYTASK_TRACE_READ",
    found: '"Max"',
    remedy: "pass.host",
  },
  "randomness of its own": {
    second: (score) => tf.mul(score, tf.randomUniform(score.shape, 1, 2, "float32", 3)),
    code: "POLYTASK_TRACE_RANDOM",
    found: '"randomUniform"',
    remedy: "pass.noise(",
  },
  "a constant of its own": {
    second: (score) => tf.mul(score, tf.tensor1d([2])),
    code: "POLYTASK_TRACE_CONSTANT",
    found: "a tensor of shape [1] is made from numbers after the op",
    remedy: "constant(",
  },
};

describe.each(Object.entries(strays))("%s", (_, { second, code, found, remedy }) => {
  it("is refused, with part, place, op and remedy, and nothing is lost", async () => {
    await using trainer = await start({
      architecture: architecture(second),
      engine: onnx({ threads: 1 }),
    });
    const { variables } = await trainer.state();
    // As often as it is asked.
    for (let time = 0; time < 2; time++) {
      await expect(trainer.fit(data, { steps: 1, batchSize: ROWS })).rejects.toMatchObject({
        code,
        message: expect.stringMatching(/^arch-stray, forward: /) as string,
        found: expect.stringContaining(found) as string,
        remedy: expect.stringContaining(remedy) as string,
      });
    }
    expect(await trainer.state()).toMatchObject({ variables, step: 0 });
  });

  it('is one warning with fallback: "eager", and training goes on', async () => {
    const parts = { architecture: architecture(second) };
    const eager = await train({ ...parts, engine: engines["eager"]() }, 4);
    expect(warnings).toEqual([]);
    const fallen = await train({ ...parts, engine: onnx({ threads: 1, fallback: "eager" }) }, 4);
    expect(fallen.variables).toEqual(eager.variables);
    expect(warnings).toEqual([expect.stringContaining(code)]);
  });
});
