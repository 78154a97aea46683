import { checkTowers, perTask, towers, type TowersOptions, vectorInput } from "@polytask/blocks";
import { binary, type InputShape, multiclass, regression } from "@polytask/core";
import { expectAllClose, expectNoLeak, testScope } from "@polytask/testkit";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { assignKnown, relu, scores } from "./reference.ts";
import { codeOf, type Name, run } from "./support.ts";

const tasks = { a: binary(), b: regression(), c: multiclass(3) };

describe("towers", () => {
  const make = (options: Partial<TowersOptions<Name>>) => {
    const scope = testScope(tasks);
    return { scope, made: towers(scope, { who: "test", input: 2, ...options }) };
  };
  const sizes = (options: Partial<TowersOptions<Name>>): Record<string, string> => {
    const { scope, made } = make(options);
    const result = Object.fromEntries(
      scope.tasks.flatMap((task) =>
        made[task].parameters
          .filter(({ name }) => name.endsWith("kernel"))
          .map(({ name, variable }) => [name, variable.shape.join("×")]),
      ),
    );
    scope.dispose();
    return result;
  };

  it("have the layers they are told, and a head of the task's units", () =>
    expectNoLeak(() => {
      expect(sizes({})).toEqual({
        "head/a/kernel": "2×1",
        "head/b/kernel": "2×1",
        "head/c/kernel": "2×3",
      });
      expect(sizes({ hidden: [5] })).toMatchObject({
        "tower/a/0/kernel": "2×5",
        "head/a/kernel": "5×1",
        "head/c/kernel": "5×3",
      });
      expect(sizes({ hidden: { b: [4, 6] }, input: { a: 2, b: 3, c: 4 } })).toEqual({
        "head/a/kernel": "2×1",
        "tower/b/0/kernel": "3×4",
        "tower/b/1/kernel": "4×6",
        "head/b/kernel": "6×1",
        "head/c/kernel": "4×3",
      });
    }));

  it("belong to their task, and roles pair them across tasks", () =>
    expectNoLeak(() => {
      const { scope, made } = make({ hidden: [5] });
      for (const task of scope.tasks) {
        expect(made[task].parameters.every((parameter) => parameter.tasks.join() === task)).toBe(
          true,
        );
        expect(made[task].parameters.map(({ role }) => role)).toEqual([
          "tower/0/kernel",
          "tower/0/bias",
          "head/kernel",
          "head/bias",
        ]);
        expect(made[task].shape).toEqual([tasks[task].units]);
      }
      scope.dispose();
    }));

  // Reference: float64 loops.
  it("compute hidden layers and a linear head", () =>
    expectNoLeak(async () => {
      const { scope, made } = make({ hidden: [4] });
      const rows = [
        [0.5, -1],
        [2, 0.25],
      ];
      const x = tf.tensor2d(rows);
      for (const task of scope.tasks) {
        const weights = assignKnown(made[task].parameters);
        const near = { relative: 1e-5, absolute: 1e-6 };
        expectAllClose((await run(made[task], x)).y, scores(weights, task, rows, relu), near);
      }
      x.dispose();
      scope.dispose();
    }));

  it("refuse sizes of an unknown task, bad sizes, and labels of more than one number", () =>
    expectNoLeak(() => {
      const scope = testScope({ ...tasks, c: multiclass(3, { labelShape: [7] }) });
      const known = { who: "test", input: 2 };
      expect(codeOf(() => towers(scope, known))).toMatch(/POLYTASK_NEED.*"c".*\[7\]/);
      const stray = { ...known, hidden: { z: [3] } as unknown as { a: number[] } };
      expect(codeOf(() => towers(testScope(tasks), stray))).toMatch(/POLYTASK_UNKNOWN_TASK.*"z"/);
      const wrong = { ...known, hidden: { a: [0] } };
      expect(codeOf(() => towers(testScope(tasks), wrong))).toMatch(/POLYTASK_OPTION.*"towers\.a"/);
      expect(scope.variables).toEqual([]);
    }));

  it("can be checked before the tasks are known", () => {
    expect(codeOf(() => checkTowers("test", { z: [3] }))).toBe("nothing was thrown");
    expect(codeOf(() => checkTowers("test", [3, 1]))).toBe("nothing was thrown");
    for (const wrong of [[1.5], { z: 3 }, 3, null]) {
      expect(codeOf(() => checkTowers("test", wrong as number[]))).toContain("POLYTASK_OPTION");
    }
  });
});

describe("vectorInput", () => {
  const read = (inputs: InputShape) => () => vectorInput(testScope(tasks, { inputs }), "test");

  it("is the width of one vector per example", () => {
    expect(read([7])()).toBe(7);
  });

  it("refuses anything else, and says what to do", () => {
    expect(codeOf(read([28, 28]))).toMatch(
      /POLYTASK_NEED: test.*\[batch, 28, 28\].*input\(\[784\]\)/,
    );
    expect(codeOf(read([]))).toMatch(/POLYTASK_NEED.*\[batch\].*input\(\[1\]\)/);
    expect(codeOf(read({}))).toMatch(/POLYTASK_NEED.*encoder/);
    const named = codeOf(read({ user: [4], item: [8, 2] }));
    expect(named).toMatch(/2 named inputs: "user" \[batch, 4\], "item" \[batch, 8, 2\]/);
  });
});

it("perTask keeps the order and any name", () => {
  const made = perTask(["b", "__proto__", "a"], (task) => task.length);
  expect(Object.entries(made)).toEqual([
    ["b", 1],
    ["__proto__", 9],
    ["a", 1],
  ]);
});
