import { type ElementwiseOptimizer, type OptimizerPlugin, sgd } from "@polytask/core";
import { adam, adamw, momentum } from "@polytask/optimizers";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { Kernels } from "../../src/kernels/index.ts";
import { anyFloat, implementations, normals, put, skips } from "./support.ts";

/** One update: parameter, gradient and slots as they are before, and the numbers of the step. */
type Run = (kernels: Kernels, views: Float32Array[], numbers: readonly number[]) => void;

const moments = { beta1: 0.8, beta2: 0.99, epsilon: 1e-7 };
const runAdam: Run = (kernels, [p, g, m, v], [step, root, keep = 1]) =>
  kernels.adam(p, g, m, v, moments, { step, root, keep });
const runMomentum =
  (mu: number, nesterov: boolean): Run =>
  (kernels, [p, g, buffer], [rate]) =>
    kernels.momentum(p, g, buffer, { mu, nesterov }, rate);

beforeAll(async () => {
  await tf.setBackend("cpu");
});

describe.each<[string, OptimizerPlugin, Run, exact: boolean]>([
  ["sgd", sgd({ learningRate: 0.3 }), (kernels, [p, g], [rate]) => kernels.sgd(p, g, rate), true],
  ["momentum", momentum({ momentum: 0.7 }), runMomentum(0.7, false), true],
  ["nesterov", momentum({ momentum: 0.7, nesterov: true }), runMomentum(0.7, true), true],
  ["adam", adam(moments), runAdam, false],
  ["adamw", adamw({ ...moments, weightDecay: 0.3 }), runAdam, false],
])("%s", (_name, plugin, run, exact) => {
  /** Slots are the same to the last bit, and so are parameters; or these to one unit, and their updates to eight. */
  const compare = (
    [p, ...state]: readonly Float32Array[],
    [expected, ...slots]: readonly Float32Array[],
    before: Float32Array,
  ): void => {
    expect(state.map((view) => Array.from(view))).toEqual(slots.map((x) => Array.from(x)));
    if (exact) expect(Array.from(p)).toEqual(Array.from(expected));
    for (const [i, value] of expected.entries()) {
      if (Number.isNaN(value)) expect(p[i]).toBeNaN();
      else {
        const slack = 16 * Math.abs(value - before[i]) + 2 * Math.abs(value) + 1e-30;
        expect(Math.abs(p[i] - value)).toBeLessThanOrEqual(slack * 2 ** -24);
      }
    }
  };

  it("is the rule in tfjs on the cpu backend, over ten steps", async () => {
    const { slots, ...rule } = await make(plugin);
    for (const kernels of implementations()) {
      const [p, ...state] = [0, ...slots].map((_, i) =>
        put(kernels.arena, i === 0 ? normals(1, 37) : new Float32Array(37), 1),
      );
      for (let count = 1; count <= 10; count++) {
        const before = [p, ...state].map((view) => Float32Array.from(view));
        const gradient = normals(count + 1, 37, 10 ** (count % 5));
        const numbers = rule.scalars({ count, rate: rule.rate(count - 1), parameter });
        run(kernels, [p, put(kernels.arena, gradient), ...state], numbers);
        compare([p, ...state], await inTfjs(rule, before, gradient, numbers), before[0]);
      }
    }
  });

  it("is the rule for NaN, for zeros and at any place", async () => {
    const { slots, ...rule } = await make(plugin);
    const inputs = vectorsOf(
      fc.oneof(
        { weight: 5, arbitrary: fc.float({ min: -100, max: 100, noNaN: true }) },
        { weight: 1, arbitrary: fc.constantFrom(NaN, 0, -0) },
      ),
      2 + slots.length,
    );
    await fc.assert(
      fc.asyncProperty(inputs, skips(), async ([value, gradient, ...state], skip) => {
        const numbers = rule.scalars(place);
        const expected = await inTfjs(rule, [value, ...state], gradient, numbers);
        for (const kernels of implementations(65_536)) {
          const views = [value, gradient, ...state].map((x) => put(kernels.arena, x, skip));
          run(kernels, views, numbers);
          const [p, g, ...after] = views;
          compare([p, ...after], expected, value);
          expect(Array.from(g)).toEqual(Array.from(gradient));
        }
      }),
      { numRuns: 40 },
    );
  });

  it("gives the same bits in all implementations, infinite and subnormal numbers included", async () => {
    const { slots, scalars } = await make(plugin);
    fc.assert(
      fc.property(vectorsOf(anyFloat(), 2 + slots.length), skips(), (inputs, skip) => {
        const [compiled, ...twins] = implementations(65_536).map((kernels) => {
          const views = inputs.map((x, i) => put(kernels.arena, x, (skip + i) % 4));
          run(kernels, views, scalars(place));
          return views.map((view) => Array.from(view));
        });
        for (const twin of twins) expect(twin).toEqual(compiled);
      }),
    );
  });

  it("leaves no tensor behind in this test, and empty vectors alone", async () => {
    const before = tf.memory().numTensors;
    const { slots, ...rule } = await make(plugin);
    const none = new Float32Array();
    const numbers = rule.scalars({ count: 1, rate: 0.1, parameter });
    await inTfjs(rule, [none, ...slots.map(() => none)], none, numbers);
    expect(tf.memory().numTensors).toBe(before);
    for (const kernels of implementations()) {
      const neighbour = put(kernels.arena, [1, 2, 3, 4]);
      const empty = neighbour.subarray(0, 0);
      run(kernels, [empty, empty, empty, empty], numbers);
      expect(Array.from(neighbour)).toEqual([1, 2, 3, 4]);
    }
  });
});

const parameter = {
  name: "architecture/kernel",
  shape: [37],
  layout: "dense",
  tasks: ["a", "b"],
  owner: "architecture",
} as const;

const place = { count: 3, rate: 0.1, parameter };

/** Vectors whose length fills registers and leaves some over. */
const vectorsOf = (value: fc.Arbitrary<number>, count: number): fc.Arbitrary<Float32Array[]> => {
  const vector = fc.array(value, { minLength: 11, maxLength: 11 });
  return fc
    .array(vector, { minLength: count, maxLength: count })
    .map((all) => all.map((values) => Float32Array.from(values)));
};

async function make(plugin: OptimizerPlugin): Promise<ElementwiseOptimizer> {
  const made = await plugin.create({} as Parameters<OptimizerPlugin["create"]>[0]);
  if (!("update" in made)) throw new Error("expected an element-wise optimizer");
  return made;
}

/** Value and slots after one update. */
async function inTfjs(
  rule: Pick<ElementwiseOptimizer, "update">,
  [value, ...slots]: readonly Float32Array[],
  gradient: Float32Array,
  numbers: readonly number[],
): Promise<Float32Array[]> {
  const after = tf.tidy(() => {
    const scalars = numbers.map((number) => tf.scalar(number));
    const state = slots.map((slot) => tf.tensor1d(slot));
    const next = rule.update(tf.tensor1d(value), tf.tensor1d(gradient), state, scalars);
    return [next.value, ...next.slots];
  });
  const values = await Promise.all(after.map((tensor) => tensor.data()));
  tf.dispose(after);
  return values.map((x) => Float32Array.from(x));
}
