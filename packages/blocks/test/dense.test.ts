import { constant, dense, mlp } from "@polytask/blocks";
import { expectAllClose, testScope, testStep } from "@polytask/testkit";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { assignKnown, differences, layers, relu, tanh } from "./reference.ts";
import { all, codeOf, inScope, type Name, run, set, tasks } from "./support.ts";

describe("dense", () => {
  it("computes x·W + b (by hand)", () =>
    inScope(async (scope) => {
      const block = dense(scope, { name: "d", tasks: all, input: 2, units: 3 });
      set(block, "kernel", [1, 2, 3, 4, 5, 6]);
      set(block, "bias", [10, 20, 30]);
      const x = tf.tensor2d([
        [1, 0],
        [-1, 2],
      ]);
      expect((await run(block, x)).y).toEqual([11, 22, 33, 17, 28, 39]);
      x.dispose();
    }));

  it("keeps further axes (by hand)", () =>
    inScope(async (scope) => {
      const block = dense(scope, { name: "d", tasks: all, input: 2, units: 1, bias: false });
      set(block, "kernel", [1, 10]);
      const x = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
      const y = tf.tidy(() => block.forward(x, testStep<Name>().pass(all)));
      expect(y.shape).toEqual([2, 2, 1]);
      expect([...(await y.data())]).toEqual([21, 43, 65, 87]);
      const grads = tf.tidy(() =>
        tf.variableGrads(() => tf.sum(block.forward(x, testStep<Name>().pass(all)))),
      );
      expect([...(await Object.values(grads.grads)[0].data())]).toEqual([16, 20]);
      tf.dispose([x, y, grads.value, grads.grads]);
    }));

  it("names its parameters and gives them tasks and roles", () =>
    inScope((scope) => {
      const block = dense(scope, { name: "d", tasks: ["a", "c"], role: "r", input: 2, units: 3 });
      expect(block.shape).toEqual([3]);
      expect(block.last).toEqual(block.parameters);
      const described = block.parameters.map(({ name, tasks: of, role, variable }) => [
        name,
        of,
        role,
        variable.shape,
      ]);
      expect(described).toEqual([
        ["d/kernel", ["a", "c"], "r/kernel", [2, 3]],
        ["d/bias", ["a", "c"], "r/bias", [3]],
      ]);
      const plain = dense(scope, { name: "e", tasks: all, input: 2, units: 3, bias: false });
      expect(plain.parameters.map(({ name }) => name)).toEqual(["e/kernel"]);
      expect("role" in plain.parameters[0]).toBe(false);
    }));

  it("starts with Glorot kernels and zero biases, or as told", () =>
    inScope(async (scope) => {
      const block = dense(scope, { name: "d", tasks: all, input: 40, units: 50 });
      const [kernel, bias] = block.parameters.map(({ variable }) => variable);
      const values = (await kernel.data()) as Float32Array;
      const limit = Math.sqrt(6 / 90);
      const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(largest).toBeLessThanOrEqual(limit);
      expect(largest).toBeGreaterThan(0.95 * limit);
      expect((await bias.data()).every((value) => value === 0)).toBe(true);
      const told = dense(scope, { name: "e", tasks: all, input: 1, units: 2, kernel: constant(3) });
      expect([...(await told.parameters[0].variable.data())]).toEqual([3, 3]);
    }));

  it("starts from values that depend on the seed and its name alone", async () => {
    const start = async (seed: number, name: string, before: string[]): Promise<Float32Array> => {
      const scope = testScope(tasks, { seed });
      const names = [...before, name];
      const blocks = names.map((each) =>
        dense(scope, { name: each, tasks: all, input: 3, units: 3 }),
      );
      const values = (await blocks[before.length].parameters[0].variable.data()) as Float32Array;
      scope.dispose();
      return values;
    };
    const one = await start(1, "x", []);
    expect(await start(1, "x", ["y", "z"])).toEqual(one);
    expect(await start(1, "y", [])).not.toEqual(one);
    expect(await start(2, "x", [])).not.toEqual(one);
  });

  it("refuses bad sizes and unknown activations, leaving nothing", () =>
    inScope((scope) => {
      const good = { name: "d", tasks: all, input: 2, units: 3 };
      for (const wrong of [
        { input: 0 },
        { units: 0 },
        { units: 1.5 },
        { units: "3" as unknown as number },
        { activation: "step" as "relu" },
      ]) {
        expect(codeOf(() => dense(scope, { ...good, ...wrong }))).toMatch(
          /^POLYTASK_OPTION: dense "d"/,
        );
      }
      expect(scope.variables).toEqual([]);
    }));
});

describe("mlp", () => {
  const rows = [
    [0.4, -1.1, 0.7],
    [-0.9, 0.3, 1.6],
  ];

  // Reference: float64 loops; gradients by central differences.
  it.each([
    ["relu", relu],
    ["tanh", tanh],
  ] as const)("equals its layers in float64, gradients included (%s)", (activation, f) =>
    inScope(async (scope) => {
      const block = mlp(scope, { name: "m", tasks: all, input: 3, hidden: [4, 2], activation });
      const weights = assignKnown(block.parameters);
      const x = tf.tensor2d(rows);
      const near = { relative: 1e-5, absolute: 1e-5 };
      expectAllClose((await run(block, x)).y, layers(weights, "m", rows, f), near);

      const squares = (y: readonly (readonly number[])[]): number =>
        y.flat().reduce((sum, value) => sum + value ** 2, 0);
      const [expected] = differences((w) => [squares(layers(w, "m", rows, f))], weights);
      const { value, grads } = tf.variableGrads(() =>
        tf.sum(tf.square(block.forward(x, testStep<Name>().pass(all)))).asScalar(),
      );
      for (const { name, variable } of block.parameters) {
        expectAllClose(await grads[variable.name].data(), expected.get(name) ?? [], near);
      }
      tf.dispose([x, value, grads]);
    }),
  );

  it("gives its layers numbers, knows the last, and may be empty", () =>
    inScope((scope) => {
      const block = mlp(scope, { name: "m", tasks: ["b"], role: "r", input: 3, hidden: [4, 2] });
      expect(block.parameters.map(({ name, role }) => [name, role])).toEqual([
        ["m/0/kernel", "r/0/kernel"],
        ["m/0/bias", "r/0/bias"],
        ["m/1/kernel", "r/1/kernel"],
        ["m/1/bias", "r/1/bias"],
      ]);
      expect(block.last.map(({ name }) => name)).toEqual(["m/1/kernel", "m/1/bias"]);
      expect(block.shape).toEqual([2]);
      const none = mlp(scope, { name: "n", tasks: ["b"], input: 3, hidden: [] });
      expect([none.parameters, none.last, none.shape]).toEqual([[], [], [3]]);
      const x = tf.ones([1, 3]);
      expect(none.forward(x, testStep<Name>().pass(all))).toBe(x);
      x.dispose();
    }));

  it("drops units after every layer, in training only", () =>
    inScope(async (scope) => {
      const block = mlp(scope, {
        name: "m",
        tasks: all,
        input: 3,
        hidden: [40, 40],
        activation: "sigmoid",
        dropout: 0.5,
      });
      const x = tf.ones([10, 3]);
      const calls: string[] = [];
      const { y } = await run(block, x, { onCall: (call) => calls.push(call) });
      expect(calls).toEqual(["noise", "noise"]);
      const dropped = y.filter((value) => value === 0).length / y.length;
      expect(dropped).toBeGreaterThan(0.4);
      expect(dropped).toBeLessThan(0.6);
      const use = await run(block, x, { training: false });
      expect(use.y.every((value) => value > 0 && value < 1)).toBe(true);
      x.dispose();
    }));

  it("refuses bad sizes and rates", () =>
    inScope((scope) => {
      const good = { name: "m", tasks: all, input: 3, hidden: [4] };
      for (const wrong of [{ hidden: [0] }, { hidden: 4 as unknown as number[] }, { dropout: 1 }]) {
        expect(codeOf(() => mlp(scope, { ...good, ...wrong }))).toMatch(
          /^POLYTASK_OPTION: mlp "m"/,
        );
      }
      expect(scope.variables).toEqual([]);
    }));
});
