import { mlMmoe, mmoe, omoe } from "@polytask/arch-mmoe";
import { binary, multiclass, regression } from "@polytask/core";
import { expectAllClose, testScope, testStep } from "@polytask/testkit";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import {
  assignKnown,
  bank,
  codeOf,
  codeOfMaking,
  example,
  expectMatches,
  gateOf,
  layers,
  mix,
  ofOne,
  ownership,
  relu,
  type Rows,
  run,
  scores,
  shapes,
  tanh,
  type Weights,
  withModel,
} from "../../blocks/test/reference.ts";

const tasks = { a: binary(), b: regression(), c: multiclass(3) };
type Task = keyof typeof tasks;

/** The value of `of` for every task. */
const each = (of: (task: Task) => Rows): Record<Task, Rows> => ({
  a: of("a"),
  b: of("b"),
  c: of("c"),
});

describe("mmoe", () => {
  // Reference: equations 6 to 8 of Ma et al., KDD 2018, in float64 and plain loops.
  it("equals the paper's formula: scores, gradients, ownership", () =>
    expectMatches(
      tasks,
      mmoe<Task>({ experts: 3, hidden: [4, 2], towers: { c: [3] }, activation: "tanh" }),
      (w, x) => {
        const values = bank(w, "experts", 3, x, tanh);
        return each((task) => scores(w, task, mix(gateOf(w, `gate/${task}`, x), values), tanh));
      },
    ));

  it("does so with one layer, ReLU, and biased gates", () =>
    expectMatches(
      tasks,
      mmoe<Task>({ experts: 2, hidden: [3], towers: [2], gateBias: true }),
      (w, x) => {
        const values = bank(w, "experts", 2, x, relu);
        return each((task) => scores(w, task, mix(gateOf(w, `gate/${task}`, x), values), relu));
      },
    ));

  it("with one expert is a shared bottom of the same weights", () =>
    withModel(
      tasks,
      mmoe<Task>({ experts: 1, hidden: [4, 2], activation: "tanh" }),
      async (model) => {
        const weights = assignKnown(model.parameters);
        const dense = ofOne(weights, "experts", example[0].length);
        const bottom = layers(dense, "experts", example, tanh);
        const found = await run(model, ["a", "b", "c"], example);
        for (const task of ["a", "b", "c"] as const) {
          const expected = scores(weights, task, bottom, tanh);
          expectAllClose(found.scores.get(task) ?? [], expected, {
            relative: 1e-5,
            absolute: 1e-5,
          });
        }
      },
    ));

  it("lists its parameters with their owners, shapes and roles", () =>
    withModel(
      { a: binary(), c: multiclass(3) },
      mmoe<"a" | "c">({ experts: 4, hidden: [5, 2], towers: { c: [6] }, gateBias: true }),
      (model) => {
        expect(ownership(model)).toEqual({
          "experts/0/kernel": "a c",
          "experts/0/bias": "a c",
          "experts/1/kernel": "a c",
          "experts/1/bias": "a c",
          "gate/a/kernel": "a",
          "gate/a/bias": "a",
          "gate/c/kernel": "c",
          "gate/c/bias": "c",
          "tower/c/0/kernel": "c",
          "tower/c/0/bias": "c",
          "head/a/kernel": "a",
          "head/a/bias": "a",
          "head/c/kernel": "c",
          "head/c/bias": "c",
        });
        expect(shapes(model)).toMatchObject({
          "experts/0/kernel": [4, 5, 3],
          "experts/1/kernel": [4, 5, 2],
          "experts/1/bias": [4, 2],
          "gate/a/kernel": [3, 4],
          "tower/c/0/kernel": [2, 6],
          "head/a/kernel": [2, 1],
          "head/c/kernel": [6, 3],
        });
        const named = (part: string) =>
          model.parameters.filter(({ name }) => name.startsWith(part));
        expect(model.lastShared).toEqual(named("experts/1/").map(({ variable }) => variable));
        expect(named("gate/").map(({ role }) => role)).toEqual([
          "gate/kernel",
          "gate/bias",
          "gate/kernel",
          "gate/bias",
        ]);
      },
    ));

  it("exposes the gates of the wanted tasks, rows that sum to one", () =>
    withModel(tasks, mmoe<Task>({ experts: 3, hidden: [2] }), async (model) => {
      assignKnown(model.parameters);
      const { exposed } = await run(model, ["a", "c"], example);
      expect([...exposed.keys()]).toEqual(["gate/a", "gate/c"]);
      for (const gate of exposed.values()) {
        expectAllClose(
          gate.map((row) => row.reduce((sum, value) => sum + value)),
          example.map(() => 1),
        );
      }
      expect(exposed.get("gate/a")).not.toEqual(exposed.get("gate/c"));
    }));

  it("leaves out experts in training only", () =>
    withModel(tasks, mmoe<Task>({ experts: 4, hidden: [2], gateDropout: 0.5 }), async (model) => {
      const zeros = async (training: boolean) => {
        const { exposed } = await run(model, ["a", "b", "c"], example, training);
        return [...exposed.values()].flat(2).filter((value) => value === 0).length;
      };
      expect(await zeros(false)).toBe(0);
      expect(await zeros(true)).toBeGreaterThan(4);
    }));

  it("starts from values that the seed and the name decide", async () => {
    const start = async (seed: number, experts: number) => {
      const scope = testScope(tasks, { inputs: [3], seed });
      const model = await mmoe<Task>({ experts, hidden: [4] }).create(scope);
      const head = model.parameters.find(({ name }) => name === "head/a/kernel");
      const values = await head?.variable.data();
      scope.dispose();
      return values;
    };
    expect(await start(1, 2)).toEqual(await start(1, 3));
    expect(await start(1, 2)).not.toEqual(await start(2, 2));
  });
});

describe("omoe", () => {
  // Reference: equation 5 of Ma et al., KDD 2018, in float64 and plain loops.
  it("equals the paper's formula: scores, gradients, ownership", () =>
    expectMatches(
      tasks,
      omoe<Task>({ experts: 3, hidden: [2], towers: { a: [2] }, activation: "tanh" }),
      (w, x) => {
        const mixed = mix(gateOf(w, "gate", x), bank(w, "experts", 3, x, tanh));
        return each((task) => scores(w, task, mixed, tanh));
      },
    ));

  it("exposes one gate for all tasks, which all of them own", () =>
    withModel(tasks, omoe<Task>({ experts: 3, hidden: [2] }), async (model) => {
      const { exposed } = await run(model, ["a", "b", "c"], example);
      expect(exposed.get("gate/a")).toEqual(exposed.get("gate/b"));
      expect(exposed.get("gate/a")).toEqual(exposed.get("gate/c"));
      expect(ownership(model)["gate/kernel"]).toBe("a b c");
    }));

  it("is mmoe whose gates are equal", async () => {
    const options = { experts: 3, hidden: [2], towers: [2] };
    await withModel(tasks, mmoe<Task>(options), (many) =>
      withModel(tasks, omoe<Task>(options), async (one) => {
        const weights = assignKnown(one.parameters);
        for (const { name, variable } of many.parameters) {
          const from = name.startsWith("gate/") ? "gate/kernel" : name;
          const values = weights.get(from) ?? [];
          tf.tidy(() => variable.assign(tf.tensor(Float32Array.from(values), variable.shape)));
        }
        const names = ["a", "b", "c"] as const;
        expect((await run(many, names, example)).scores).toEqual(
          (await run(one, names, example)).scores,
        );
      }),
    );
  });
});

describe("mlMmoe", () => {
  /** m_k = Σ_e g_k(m_k)_e·f_e(m_k), level after level, every task by itself. */
  const stacked =
    (levels: number, experts: number) =>
    (w: Weights, x: Rows): Record<Task, Rows> =>
      each((task) => {
        let m = x;
        for (let l = 0; l < levels; l++) {
          m = mix(
            gateOf(w, `level/${l}/gate/${task}`, m),
            bank(w, `level/${l}/experts`, experts, m, tanh),
          );
        }
        return scores(w, task, m, tanh);
      });

  it.each([1, 2, 3])(
    "equals the stacked formula on %i levels: scores, gradients, ownership",
    (levels) =>
      expectMatches(
        tasks,
        mlMmoe<Task>({ levels, experts: 2, hidden: [3], towers: { b: [2] }, activation: "tanh" }),
        stacked(levels, 2),
      ),
  );

  it("keeps gates of every level to their task, and names them", () =>
    withModel(tasks, mlMmoe<Task>({ levels: 2, experts: 2, hidden: [3] }), async (model) => {
      expect(ownership(model)).toMatchObject({
        "level/0/experts/0/kernel": "a b c",
        "level/1/experts/0/kernel": "a b c",
        "level/0/gate/a/kernel": "a",
        "level/1/gate/a/kernel": "a",
      });
      const last = model.parameters.filter(({ name }) => name.startsWith("level/1/experts/"));
      expect(model.lastShared).toEqual(last.map(({ variable }) => variable));
      const { exposed } = await run(model, ["b"], example);
      expect([...exposed.keys()]).toEqual(["level/0/gate/b", "gate/b"]);
    }));
});

describe("bad options", () => {
  const good = { experts: 2, hidden: [4] };

  it.each([
    ["no experts", { ...good, experts: 0 }],
    ["half an expert", { ...good, experts: 1.5 }],
    ["no layer", { ...good, hidden: [] }],
    ["an empty layer", { ...good, hidden: [4, 0] }],
    ["an empty tower layer", { ...good, towers: [0] }],
    ["a rate of one", { ...good, gateDropout: 1 }],
    ["a negative rate", { ...good, dropout: -0.1 }],
  ])("are refused by the factory: %s", async (_, options) => {
    for (const factory of [mmoe, omoe]) {
      expect(await codeOf(() => factory(options))).toBe("POLYTASK_OPTION");
    }
    expect(await codeOf(() => mlMmoe({ levels: 1, ...options }))).toBe("POLYTASK_OPTION");
  });

  it("are refused by the factory: unknown activation, no level", async () => {
    // @ts-expect-error: not the name of an activation
    expect(await codeOf(() => mmoe({ ...good, activation: "step" }))).toBe("POLYTASK_OPTION");
    expect(await codeOf(() => mlMmoe({ ...good, levels: 0 }))).toBe("POLYTASK_OPTION");
  });

  it("are refused while wiring, without leaving a tensor", async () => {
    const stray = { ...good, towers: { z: [4] } } as unknown as typeof good;
    for (const plugin of [
      mmoe<Task>(stray),
      omoe<Task>(stray),
      mlMmoe<Task>({ levels: 2, ...stray }),
    ]) {
      expect(await codeOfMaking(tasks, plugin)).toBe("POLYTASK_UNKNOWN_TASK");
    }
    for (const inputs of [[4, 4], [], {}, { user: [3] }]) {
      expect(await codeOfMaking(tasks, mmoe<Task>(good), inputs)).toBe("POLYTASK_NEED");
    }
    const tokens = { ...tasks, c: multiclass(3, { labelShape: [5] }) };
    expect(await codeOfMaking(tokens, mmoe<Task>(good))).toBe("POLYTASK_NEED");
  });
});

it("applies hidden dropout in training only, with one mask for all tasks", async () => {
  const plugin = mmoe<Task>({ experts: 2, hidden: [8], dropout: 0.5 });
  await withModel(tasks, plugin, async (model) => {
    const calls: string[] = [];
    const step = testStep<Task>({ onCall: (call) => calls.push(call) });
    tf.tidy(() => {
      model.forward(tf.tensor2d(example as number[][]), step.pass(["a", "b", "c"]));
    });
    expect(calls.filter((call) => call === "noise")).toHaveLength(1);
    const names = ["a"] as const;
    const off = (await run(model, names, example, false)).scores;
    expect((await run(model, names, example, true)).scores).not.toEqual(off);
    expect((await run(model, names, example, false)).scores).toEqual(off);
  });
});

it("exports these names", async () => {
  expect(Object.keys(await import("@polytask/arch-mmoe")).sort()).toEqual([
    "mlMmoe",
    "mmoe",
    "omoe",
  ]);
});
