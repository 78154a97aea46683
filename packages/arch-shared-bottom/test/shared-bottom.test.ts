import { hierarchical, sharedBottom } from "@polytask/arch-shared-bottom";
import { binary, multiclass, regression } from "@polytask/core";
import { testStep } from "@polytask/testkit";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import {
  codeOf,
  codeOfMaking,
  example,
  expectMatches,
  layer,
  layers,
  ownership,
  relu,
  type Rows,
  run,
  scores,
  shapes,
  tanh,
  withModel,
} from "../../blocks/test/reference.ts";

const tasks = { a: binary(), b: regression(), c: multiclass(3) };
type Task = keyof typeof tasks;

const each = (of: (task: Task) => Rows): Record<Task, Rows> => ({
  a: of("a"),
  b: of("b"),
  c: of("c"),
});

describe("sharedBottom", () => {
  // Reference: y_k = tower_k(bottom(x)) in float64 and plain loops.
  it.each([
    ["tanh", tanh],
    ["relu", relu],
  ] as const)("equals the formula: scores, gradients, ownership (%s)", (activation, function_) =>
    expectMatches(
      tasks,
      sharedBottom<Task>({ hidden: [4, 3], towers: { c: [2] }, activation }),
      (w, x) => {
        const h = layers(w, "bottom", x, function_);
        return each((task) => scores(w, task, h, function_));
      },
    ),
  );

  it("lists its parameters with their owners, shapes and roles", () =>
    withModel(
      { a: binary(), c: multiclass(3) },
      sharedBottom<"a" | "c">({ hidden: [5, 2], towers: [6] }),
      (model) => {
        expect(ownership(model)).toEqual({
          "bottom/0/kernel": "a c",
          "bottom/0/bias": "a c",
          "bottom/1/kernel": "a c",
          "bottom/1/bias": "a c",
          "tower/a/0/kernel": "a",
          "tower/a/0/bias": "a",
          "head/a/kernel": "a",
          "head/a/bias": "a",
          "tower/c/0/kernel": "c",
          "tower/c/0/bias": "c",
          "head/c/kernel": "c",
          "head/c/bias": "c",
        });
        expect(shapes(model)).toMatchObject({
          "bottom/0/kernel": [3, 5],
          "bottom/1/kernel": [5, 2],
          "tower/a/0/kernel": [2, 6],
          "head/c/kernel": [6, 3],
        });
        const last = model.parameters.filter(({ name }) => name.startsWith("bottom/1/"));
        expect(model.lastShared).toEqual(last.map(({ variable }) => variable));
        const roles = (task: string) =>
          model.parameters.filter(({ name }) => name.includes(`/${task}/`)).map(({ role }) => role);
        expect(roles("a")).toEqual(["tower/0/kernel", "tower/0/bias", "head/kernel", "head/bias"]);
        expect(roles("c")).toEqual(roles("a"));
      },
    ));
});

describe("hierarchical", () => {
  const attach = { a: 0, b: 2, c: 1 };

  // Reference: h_l = f(h_{l−1}·W_l + b_l), y_k = tower_k(h_attach k), in float64 and plain loops.
  it("equals the formula: scores, gradients, ownership", () =>
    expectMatches(
      tasks,
      hierarchical<Task>({ layers: [4, 3, 2], attach, towers: { a: [2] }, activation: "tanh" }),
      (w, x) => {
        const h0 = layer(w, "layer/0", x, tanh);
        const h1 = layer(w, "layer/1", h0, tanh);
        const h2 = layer(w, "layer/2", h1, tanh);
        return {
          a: scores(w, "a", h0, tanh),
          b: scores(w, "b", h2, tanh),
          c: scores(w, "c", h1, tanh),
        };
      },
    ));

  it("gives a layer to the tasks attached at it or above", () =>
    withModel(tasks, hierarchical<Task>({ layers: [4, 3, 2], attach }), (model) => {
      expect(ownership(model)).toMatchObject({
        "layer/0/kernel": "a b c",
        "layer/1/kernel": "b c",
        "layer/2/kernel": "b",
        "layer/2/bias": "b",
      });
      const [first] = model.parameters;
      expect(first.name).toBe("layer/0/kernel");
      expect(model.lastShared).toEqual(
        model.parameters.slice(0, 2).map(({ variable }) => variable),
      );
    }));

  it("names as lastShared the highest layer that all tasks read", () =>
    withModel(
      tasks,
      hierarchical<Task>({ layers: [4, 3, 2], attach: { a: 1, b: 2, c: 1 } }),
      (model) => {
        const second = model.parameters.filter(({ name }) => name.startsWith("layer/1/"));
        expect(model.lastShared).toEqual(second.map(({ variable }) => variable));
      },
    ));

  it("computes no layer above the tasks that are wanted", () =>
    withModel(tasks, hierarchical<Task>({ layers: [4, 3, 2], attach }), async (model) => {
      const kernels = async (wanted: readonly Task[]): Promise<number> => {
        const x = tf.tensor2d(example as number[][]);
        const { kernels: used } = await tf.profile(() =>
          tf.tidy(() => {
            model.forward(x, testStep<Task>().pass(wanted));
          }),
        );
        x.dispose();
        return used.filter(({ name }) => name === "BatchMatMul").length;
      };
      expect(await kernels(["a"])).toBe(2);
      expect(await kernels(["b"])).toBe(4);
      expect(await kernels(["a", "b", "c"])).toBe(6);
    }));

  it("refuses tasks that are not attached, or attached to no layer", async () => {
    const make = (wrong: Record<string, number>, sizes: readonly number[] = [4, 3]) =>
      hierarchical<Task>({ layers: sizes, attach: wrong as typeof attach });
    for (const layer of [2, -1, 0.5, NaN]) {
      expect(await codeOf(() => make({ a: 0, b: 1, c: layer }))).toBe("POLYTASK_OPTION");
    }
    expect(await codeOf(() => make({ a: 0, b: 0, c: 0 }))).toBe("POLYTASK_OPTION");
    expect(await codeOf(() => make({}))).toBe("POLYTASK_OPTION");
    expect(await codeOf(() => make(attach, []))).toBe("POLYTASK_OPTION");
    expect(await codeOfMaking(tasks, make({ a: 0, b: 1 }))).toBe("POLYTASK_OPTION");
    expect(await codeOfMaking(tasks, make({ a: 0, b: 1, c: 0, z: 1 }))).toBe(
      "POLYTASK_UNKNOWN_TASK",
    );
  });
});

describe("bad options", () => {
  it.each([
    ["no shared layer", { hidden: [] }],
    ["an empty layer", { hidden: [0] }],
    ["a size that is no number", { hidden: ["4"] as unknown as number[] }],
    ["nothing", {} as { hidden: number[] }],
    ["a rate of one", { hidden: [4], dropout: 1 }],
    ["towers that are no list", { hidden: [4], towers: 8 as unknown as number[] }],
    ["an empty tower layer", { hidden: [4], towers: { a: [2, 0] } }],
  ])("are refused by the factory: %s", async (_, options) => {
    expect(await codeOf(() => sharedBottom(options))).toBe("POLYTASK_OPTION");
  });

  it("are refused while wiring, without leaving a tensor", async () => {
    const stray = { hidden: [4], towers: { z: [4] } } as unknown as { hidden: number[] };
    expect(await codeOfMaking(tasks, sharedBottom<Task>(stray))).toBe("POLYTASK_UNKNOWN_TASK");
    const tokens = { ...tasks, c: multiclass(3, { labelShape: [5] }) };
    for (const plugin of [
      sharedBottom<Task>({ hidden: [4] }),
      hierarchical<Task>({ layers: [4], attach: { a: 0, b: 0, c: 0 } }),
    ]) {
      expect(await codeOfMaking(tokens, plugin)).toBe("POLYTASK_NEED");
      for (const inputs of [[4, 4], [], {}, { user: [3] }]) {
        expect(await codeOfMaking(tasks, plugin, inputs)).toBe("POLYTASK_NEED");
      }
    }
  });
});

it("applies dropout in training only, with one mask for all tasks", async () => {
  const wide = { a: regression(), b: regression() };
  for (const plugin of [
    sharedBottom<"a" | "b">({ hidden: [16], dropout: 0.5 }),
    hierarchical<"a" | "b">({ layers: [16], attach: { a: 0, b: 0 }, dropout: 0.5 }),
  ]) {
    await withModel(wide, plugin, async (model) => {
      const calls: string[] = [];
      const step = testStep<"a" | "b">({ onCall: (call) => calls.push(call) });
      tf.tidy(() => {
        model.forward(tf.tensor2d(example as number[][]), step.pass(["a", "b"]));
      });
      expect(calls).toEqual(["noise"]);
      const names = ["a"] as const;
      const off = (await run(model, names, example, false)).scores;
      expect((await run(model, names, example, true)).scores).not.toEqual(off);
      expect((await run(model, names, example, false)).scores).toEqual(off);
    });
  }
});

it("exports these names", async () => {
  expect(Object.keys(await import("@polytask/arch-shared-bottom")).sort()).toEqual([
    "hierarchical",
    "sharedBottom",
  ]);
});
