import { batchNorm } from "@polytask/blocks";
import { expectNoLeak, sampleTasks, testScope } from "@polytask/testkit";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { all, codeOf, differences, expectClose, gradients, numbers, run, set } from "./support.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

const statistics = (x: number[], column: number): [number, number] => {
  const values = x.filter((_, i) => i % 3 === column);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return [mean, values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length];
};

/** The formula in float64, over all axes but the last, of length 3. */
const formula = (gamma: number[], beta: number[], x: number[]): number[] =>
  x.map((value, i) => {
    const [mean, variance] = statistics(x, i % 3);
    return (gamma[i % 3] * (value - mean)) / Math.sqrt(variance + 1e-3) + beta[i % 3];
  });

describe("batchNorm", () => {
  it.each([[[5, 3]], [[2, 4, 3]]])(
    "is the formula, with its gradients, for x %j",
    async (shape) => {
      await expectNoLeak(async () => {
        const scope = testScope(sampleTasks);
        const block = batchNorm(scope, { name: "norm", tasks: ["a", "c"], input: 3 });
        expect(block.parameters.map(({ name, tasks }) => [name, tasks])).toEqual([
          ["norm/gamma", ["a", "c"]],
          ["norm/beta", ["a", "c"]],
        ]);
        const [gamma, beta] = [numbers(3, 2), numbers(3, 3)];
        set(block, "gamma", gamma);
        set(block, "beta", beta);
        const x = tf.tensor(numbers(shape.reduce((a, b) => a * b, 1)), shape);
        const list = [...(await x.data())];
        const weights = numbers(x.size, 4);
        expectClose((await run(block, x)).y, formula(gamma, beta, list));
        const objective = (...args: number[][]): number =>
          formula(args[0], args[1], args[2]).reduce((sum, y, i) => sum + weights[i] * y, 0);
        const expected = differences(objective, [gamma, beta, list]);
        (await gradients(block, x, weights)).forEach((gradient, k) => {
          expectClose(gradient, expected[k], 1e-5);
        });
        x.dispose();
        scope.dispose();
      });
    },
  );

  it("assigns each moving statistic once, and uses them outside training without moving them", async () => {
    await expectNoLeak(async () => {
      const scope = testScope(sampleTasks);
      const block = batchNorm(scope, { name: "norm", tasks: all, input: 3, momentum: 0.75 });
      const [mean, variance] = block.buffers ?? [];
      expect([mean.name, variance.name]).toEqual(["norm/movingMean", "norm/movingVariance"]);
      expect([mean, variance].map(({ variable }) => variable.trainable)).toEqual([false, false]);
      set(block, "movingMean", [1, 2, 3]);
      set(block, "movingVariance", [4, 9, 16]);
      const x = tf.tensor(numbers(15), [5, 3]);
      const list = [...(await x.data())];

      const calls: string[] = [];
      const { assigned } = await run(block, x, { onCall: (call) => calls.push(call) });
      expect(calls).toEqual(["assign", "assign"]);
      for (const column of [0, 1, 2]) {
        const [m, v] = statistics(list, column);
        expect(assigned.get(mean.variable)?.[column]).toBeCloseTo(
          0.75 * (column + 1) + 0.25 * m,
          5,
        );
        expect(assigned.get(variance.variable)?.[column]).toBeCloseTo(
          0.75 * (column + 2) ** 2 + 0.25 * v,
          5,
        );
      }
      // Nothing is set before the step says so.
      expect([...(await mean.variable.data())]).toEqual([1, 2, 3]);

      const use = await run(block, x, { training: false });
      expect(use.assigned.size).toBe(0);
      expectClose(
        use.y,
        list.map((value, i) => (value - (1 + (i % 3))) / Math.sqrt((2 + (i % 3)) ** 2 + 1e-3)),
      );
      x.dispose();
      scope.dispose();
    });
  });

  it("starts its moving statistics at 0 and 1, with momentum 0.99", async () => {
    const scope = testScope(sampleTasks);
    const block = batchNorm(scope, { name: "norm", tasks: all, input: 1 });
    const x = tf.tensor2d([4, 8], [2, 1]);
    const { assigned } = await run(block, x);
    const [mean, variance] = [...assigned.values()].flat();
    // Mean 6, variance 4: 0.99·0 + 0.01·6 and 0.99·1 + 0.01·4.
    expect(mean).toBeCloseTo(0.06, 6);
    expect(variance).toBeCloseTo(1.03, 6);
    x.dispose();
    scope.dispose();
  });

  it("gives β for a batch of one, and a finite gradient", async () => {
    const scope = testScope(sampleTasks);
    const block = batchNorm(scope, { name: "norm", tasks: all, input: 2 });
    const x = tf.tensor2d([3, -7], [1, 2]);
    expect((await run(block, x)).y).toEqual([0, 0]);
    expect((await gradients(block, x, [1, 1])).flat().every(Number.isFinite)).toBe(true);
    x.dispose();
    scope.dispose();
  });

  it("refuses bad options", () => {
    const scope = testScope(sampleTasks);
    const bad = (options: object): string =>
      codeOf(() => batchNorm(scope, { name: "n", tasks: all, input: 2, ...options }));
    expect(bad({ input: 1.5 })).toContain('"input"');
    expect(bad({ momentum: 1 })).toContain('"momentum"');
    expect(bad({ epsilon: -1 })).toContain('"epsilon"');
    expect(scope.variables).toEqual([]);
  });
});
