import { type ElementwiseOptimizer, type OptimizerPlugin, sgd } from "@polytask/core";
import { adam, adamw, momentum } from "@polytask/optimizers";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { Kernels } from "../../src/kernels/index.ts";
import { anyFloat, both, normals, put, skips } from "./support.ts";

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

describe.each<[string, OptimizerPlugin, Run]>([
  ["sgd", sgd({ learningRate: 0.3 }), (kernels, [p, g], [rate]) => kernels.sgd(p, g, rate)],
  ["momentum", momentum({ momentum: 0.7 }), runMomentum(0.7, false)],
  ["nesterov", momentum({ momentum: 0.7, nesterov: true }), runMomentum(0.7, true)],
  ["adam", adam(moments), runAdam],
  ["adamw", adamw({ ...moments, weightDecay: 0.3 }), runAdam],
])("%s", (_name, plugin, run) => {
  it("is the rule in tfjs on the cpu backend, to the last bit, over ten steps", async () => {
    const { slots, ...rule } = await make(plugin);
    for (const kernels of both()) {
      const start = [normals(1, 37), ...slots.map(() => new Float32Array(37))];
      const [p, ...state] = start.map((values) => put(kernels.arena, values, 1));
      let expected = start;
      for (let count = 1; count <= 10; count++) {
        const gradient = normals(count + 1, 37, 10 ** (count % 5));
        const numbers = rule.scalars({ count, rate: rule.rate(count - 1), parameter });
        expected = await inTfjs(rule, expected, gradient, numbers);
        run(kernels, [p, put(kernels.arena, gradient), ...state], numbers);
        expect([p, ...state].map((view) => Array.from(view))).toEqual(
          expected.map((values) => Array.from(values)),
        );
      }
    }
  });

  it("is the same for all numbers, infinite, subnormal and NaN included, at any place", async () => {
    const { slots, ...rule } = await make(plugin);
    const n = 11;
    const values = (): fc.Arbitrary<Float32Array> =>
      fc
        .array(anyFloat(), { minLength: n, maxLength: n })
        .map((numbers) => Float32Array.from(numbers));
    const inputs = fc.array(values(), { minLength: 2 + slots.length, maxLength: 2 + slots.length });
    const place = { count: 3, rate: 0.1, parameter };
    await fc.assert(
      fc.asyncProperty(inputs, skips(), async ([value, gradient, ...state], skip) => {
        const numbers = rule.scalars(place);
        const expected = await inTfjs(rule, [value, ...state], gradient, numbers);
        for (const kernels of both(65_536)) {
          const views = [value, gradient, ...state].map((x) => put(kernels.arena, x, skip));
          run(kernels, views, numbers);
          const [p, g, ...after] = views.map((view) => Array.from(view));
          expect([p, ...after]).toEqual(expected.map((x) => Array.from(x)));
          expect(g).toEqual(Array.from(gradient));
        }
      }),
      { numRuns: 60 },
    );
  });

  it("leaves no tensor behind in this test, and empty vectors alone", async () => {
    const before = tf.memory().numTensors;
    const { slots, ...rule } = await make(plugin);
    const none = new Float32Array();
    const numbers = rule.scalars({ count: 1, rate: 0.1, parameter });
    await inTfjs(rule, [none, ...slots.map(() => none)], none, numbers);
    expect(tf.memory().numTensors).toBe(before);
    for (const kernels of both()) {
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
  return values.map((numbers_) => Float32Array.from(numbers_));
}
