import { layerNorm } from "@polytask/blocks";
import { expectNoLeak, sampleTasks, testScope } from "@polytask/testkit";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { all, codeOf, differences, expectClose, gradients, numbers, run, set } from "./support.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

/** The formula in float64, for rows of 4. */
const formula = (gamma: number[], beta: number[], x: number[]): number[] =>
  x.map((value, i) => {
    const row = x.slice(i - (i % 4), i - (i % 4) + 4);
    const mean = row.reduce((a, b) => a + b, 0) / 4;
    const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / 4;
    return (gamma[i % 4] * (value - mean)) / Math.sqrt(variance + 1e-5) + beta[i % 4];
  });

describe("layerNorm", () => {
  it.each([[[3, 4]], [[2, 3, 4]]])(
    "is the formula, with its gradients, for x %j",
    async (shape) => {
      await expectNoLeak(async () => {
        const scope = testScope(sampleTasks);
        const block = layerNorm(scope, { name: "norm", tasks: all, role: "tower/norm", input: 4 });
        expect(block.parameters.map(({ name, role }) => [name, role])).toEqual([
          ["norm/gamma", "tower/norm/gamma"],
          ["norm/beta", "tower/norm/beta"],
        ]);
        expect(block.shape).toEqual([4]);
        const x = tf.tensor(numbers(shape.reduce((a, b) => a * b, 1)), shape);
        const list = [...(await x.data())];
        expectClose((await run(block, x)).y, formula([1, 1, 1, 1], [0, 0, 0, 0], list));

        const [gamma, beta, weights] = [numbers(4, 2), numbers(4, 3), numbers(x.size, 4)];
        set(block, "gamma", gamma);
        set(block, "beta", beta);
        expectClose((await run(block, x, { training: false })).y, formula(gamma, beta, list));
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

  it("gives β for an example without variance, and a finite gradient", async () => {
    const scope = testScope(sampleTasks);
    const block = layerNorm(scope, { name: "norm", tasks: all, input: 3 });
    const x = tf.fill([2, 3], 5);
    expect((await run(block, x)).y).toEqual([0, 0, 0, 0, 0, 0]);
    expect((await gradients(block, x, numbers(6))).flat().every(Number.isFinite)).toBe(true);
    x.dispose();
    scope.dispose();
  });

  it("refuses bad options", () => {
    const scope = testScope(sampleTasks);
    expect(codeOf(() => layerNorm(scope, { name: "n", tasks: all, input: 0 }))).toContain(
      '"input"',
    );
    expect(
      codeOf(() => layerNorm(scope, { name: "n", tasks: all, input: 1, epsilon: 0 })),
    ).toContain('"epsilon"');
    expect(scope.variables).toEqual([]);
  });
});
