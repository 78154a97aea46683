import { cgc, ple } from "@polytask/arch-ple";
import { binary, multiclass, regression } from "@polytask/core";
import { expectAllClose } from "@polytask/testkit";
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
  mix,
  ownership,
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
const names = Object.keys(tasks) as Task[];

const each = (of: (task: Task) => Rows): Record<Task, Rows> => ({
  a: of("a"),
  b: of("b"),
  c: of("c"),
});

interface Counts {
  readonly levels: number;
  readonly sharedExperts: number;
  readonly taskExperts: number;
}

/** Tang et al., RecSys 2020: customized gate control, level after level, with the shared gate between levels. */
const extraction =
  ({ levels, sharedExperts, taskExperts }: Counts) =>
  (w: Weights, x: Rows): Record<Task, Rows> => {
    let own = each(() => x);
    let common = x;
    for (let l = 0; l < levels; l++) {
      const shared = bank(w, `level/${l}/shared`, sharedExperts, common, tanh);
      const mine = (task: Task): readonly Rows[] =>
        taskExperts === 0 ? [] : bank(w, `level/${l}/own/${task}`, taskExperts, own[task], tanh);
      const all = [...names.flatMap(mine), ...shared];
      const next = each((task) =>
        mix(gateOf(w, `level/${l}/gate/${task}`, own[task]), [...mine(task), ...shared]),
      );
      if (l < levels - 1) common = mix(gateOf(w, `level/${l}/sharedGate`, common), all);
      own = next;
    }
    return each((task) => scores(w, task, own[task], tanh));
  };

describe("cgc and ple", () => {
  it.each([1, 2, 3])(
    "equal the paper's formulas on %i levels: scores, gradients, ownership",
    (levels) => {
      const counts = { levels, sharedExperts: 2, taskExperts: 2 };
      return expectMatches(
        tasks,
        ple<Task>({ ...counts, hidden: [3], towers: { c: [2] }, activation: "tanh" }),
        extraction(counts),
      );
    },
  );

  it("do so with deeper experts and unequal counts", () => {
    const counts = { levels: 2, sharedExperts: 3, taskExperts: 1 };
    return expectMatches(
      tasks,
      ple<Task>({ ...counts, hidden: [3, 2], activation: "tanh", gateBias: true }),
      extraction(counts),
    );
  });

  it("do so without task experts, where nothing of one task reaches another", () => {
    const counts = { levels: 3, sharedExperts: 2, taskExperts: 0 };
    return expectMatches(
      tasks,
      ple<Task>({ ...counts, hidden: [2], activation: "tanh" }),
      extraction(counts),
    );
  });

  it("cgc is ple of one level", () => {
    const counts = { levels: 1, sharedExperts: 1, taskExperts: 2 };
    return expectMatches(
      tasks,
      cgc<Task>({ sharedExperts: 1, taskExperts: 2, hidden: [3], towers: [2], activation: "tanh" }),
      extraction(counts),
    );
  });

  // Ma et al., KDD 2018: without task experts a level is an MMoE of the shared ones.
  it("cgc without task experts is MMoE", () =>
    withModel(
      tasks,
      cgc<Task>({ sharedExperts: 3, taskExperts: 0, hidden: [2], activation: "tanh" }),
      async (model) => {
        const w = assignKnown(model.parameters);
        const values = bank(w, "level/0/shared", 3, example, tanh);
        const found = (await run(model, names, example)).scores;
        for (const task of names) {
          const expected = scores(
            w,
            task,
            mix(gateOf(w, `level/0/gate/${task}`, example), values),
            tanh,
          );
          expectAllClose(found.get(task) ?? [], expected, { relative: 1e-5, absolute: 1e-5 });
        }
      },
    ));

  it("with one shared expert and no others is a shared bottom, whatever the gates", () =>
    withModel(
      tasks,
      cgc<Task>({ sharedExperts: 1, taskExperts: 0, hidden: [2], activation: "tanh" }),
      async (model) => {
        const w = assignKnown(model.parameters);
        const [h] = bank(w, "level/0/shared", 1, example, tanh);
        const found = (await run(model, names, example)).scores;
        for (const task of names) {
          const expected = scores(w, task, h, tanh);
          expectAllClose(found.get(task) ?? [], expected, { relative: 1e-5, absolute: 1e-5 });
        }
      },
    ));
});

/** Worked out by hand from the routing: what feeds a shared gate reaches everybody. */
describe("ownership", () => {
  const pair = { a: binary(), b: regression() };
  const owners = async (levels: number): Promise<Record<string, string>> => {
    let table: Record<string, string> = {};
    const plugin = ple<"a" | "b">({ levels, sharedExperts: 1, taskExperts: 1, hidden: [2] });
    await withModel(pair, plugin, (model) => {
      const kernels = Object.entries(ownership(model)).filter(([name]) => name.endsWith("/kernel"));
      table = Object.fromEntries(
        kernels.map(([name, tasks_]) => [name.replace(/(\/0)?\/kernel$/, ""), tasks_]),
      );
    });
    return table;
  };

  it("of one level: shared experts are all that is shared", async () => {
    expect(await owners(1)).toEqual({
      "level/0/shared": "a b",
      "level/0/own/a": "a",
      "level/0/own/b": "b",
      "level/0/gate/a": "a",
      "level/0/gate/b": "b",
      "head/a": "a",
      "head/b": "b",
    });
  });

  it("of two levels: the shared gate makes the lower task experts everybody's, not the lower task gates", async () => {
    expect(await owners(2)).toEqual({
      "level/0/shared": "a b",
      "level/0/sharedGate": "a b",
      "level/0/own/a": "a b",
      "level/0/own/b": "a b",
      "level/0/gate/a": "a",
      "level/0/gate/b": "b",
      "level/1/shared": "a b",
      "level/1/own/a": "a",
      "level/1/own/b": "b",
      "level/1/gate/a": "a",
      "level/1/gate/b": "b",
      "head/a": "a",
      "head/b": "b",
    });
  });

  it("of three levels: the lowest task gates feed experts that the next shared gate reads", async () => {
    expect(await owners(3)).toEqual({
      "level/0/shared": "a b",
      "level/0/sharedGate": "a b",
      "level/0/own/a": "a b",
      "level/0/own/b": "a b",
      "level/0/gate/a": "a b",
      "level/0/gate/b": "a b",
      "level/1/shared": "a b",
      "level/1/sharedGate": "a b",
      "level/1/own/a": "a b",
      "level/1/own/b": "a b",
      "level/1/gate/a": "a",
      "level/1/gate/b": "b",
      "level/2/shared": "a b",
      "level/2/own/a": "a",
      "level/2/own/b": "b",
      "level/2/gate/a": "a",
      "level/2/gate/b": "b",
      "head/a": "a",
      "head/b": "b",
    });
  });
});

describe("structure", () => {
  const options = { levels: 2, sharedExperts: 2, taskExperts: 3, hidden: [5, 4] };

  it("gives gates one weight per expert they read, and the last level no shared gate", () =>
    withModel(tasks, ple<Task>(options), async (model) => {
      expect(shapes(model)).toMatchObject({
        "level/0/shared/0/kernel": [2, 5, 3],
        "level/0/own/a/1/kernel": [3, 5, 4],
        "level/0/gate/a/kernel": [3, 3 + 2],
        "level/0/sharedGate/kernel": [3, 3 * 3 + 2],
        "level/1/shared/0/kernel": [2, 5, 4],
        "level/1/gate/a/kernel": [4, 3 + 2],
        "head/c/kernel": [4, 3],
      });
      expect(Object.keys(shapes(model))).not.toContain("level/1/sharedGate/kernel");
      const last = model.parameters.filter(({ name }) => name.startsWith("level/1/shared/1/"));
      expect(last).toHaveLength(2);
      expect(model.lastShared).toEqual(last.map(({ variable }) => variable));
      const roles = (task: string) =>
        model.parameters.filter(({ name }) => name.includes(`/${task}/`)).map(({ role }) => role);
      expect(roles("a")).toEqual(roles("b"));
      expect(roles("a")).toContain("level/1/own/1/kernel");

      const { exposed } = await run(model, names, example);
      const widths = Object.fromEntries([...exposed].map(([name, gate]) => [name, gate[0].length]));
      expect(widths).toEqual({
        "level/0/gate/a": 5,
        "level/0/gate/b": 5,
        "level/0/gate/c": 5,
        "level/0/sharedGate": 11,
        "gate/a": 5,
        "gate/b": 5,
        "gate/c": 5,
      });
      for (const gate of exposed.values()) {
        expectAllClose(
          gate.map((row) => row.reduce((a, b) => a + b)),
          example.map(() => 1),
        );
      }
    }));

  it("computes for some tasks only what they read", () =>
    withModel(tasks, ple<Task>({ ...options, levels: 3 }), async (model) => {
      const { exposed } = await run(model, ["b"], example);
      expect([...exposed.keys()]).toEqual([
        "level/0/gate/a",
        "level/0/gate/b",
        "level/0/gate/c",
        "level/0/sharedGate",
        "level/1/gate/b",
        "level/1/sharedGate",
        "gate/b",
      ]);
    }));

  // Measured by the size of ∂L_B/∂(A's expert) on two levels: it must not be 0 (the trap of leaving out the shared gate).
  it("lets another task's lower experts into a score", () =>
    withModel({ a: binary(), b: regression() }, ple<"a" | "b">(options), async (model) => {
      assignKnown(model.parameters);
      const before = (await run(model, ["b"], example)).scores.get("b");
      const theirs = model.parameters.find(({ name }) => name === "level/0/own/a/0/kernel");
      tf.tidy(() => theirs?.variable.assign(tf.zerosLike(theirs.variable)));
      expect((await run(model, ["b"], example)).scores.get("b")).not.toEqual(before);
    }));
});

describe("bad options", () => {
  const good = { sharedExperts: 1, taskExperts: 1, hidden: [4] };

  it.each([
    ["no shared expert", { ...good, sharedExperts: 0 }],
    ["fewer than no task experts", { ...good, taskExperts: -1 }],
    ["half a task expert", { ...good, taskExperts: 0.5 }],
    ["no layer", { ...good, hidden: [] }],
    ["an empty tower layer", { ...good, towers: { a: [0] } }],
    ["a rate of one", { ...good, gateDropout: 1 }],
    ["a negative rate", { ...good, dropout: -1 }],
  ])("are refused by the factory: %s", async (_, options) => {
    expect(await codeOf(() => cgc(options))).toBe("POLYTASK_OPTION");
    expect(await codeOf(() => ple({ levels: 2, ...options }))).toBe("POLYTASK_OPTION");
  });

  it("are refused by the factory: no level", async () => {
    expect(await codeOf(() => ple({ ...good, levels: 0 }))).toBe("POLYTASK_OPTION");
  });

  it("name the factory that was called", () => {
    expect(() => cgc({ ...good, hidden: [] })).toThrow(/^cgc: option "hidden"/);
    expect(() => ple({ ...good, hidden: [], levels: 1 })).toThrow(/^ple: option "hidden"/);
  });

  it("are refused while wiring, without leaving a tensor", async () => {
    const stray = { ...good, levels: 2, towers: { z: [4] } } as unknown as typeof good & {
      levels: number;
    };
    expect(await codeOfMaking(tasks, ple<Task>(stray))).toBe("POLYTASK_UNKNOWN_TASK");
    const plugin = ple<Task>({ ...good, levels: 2 });
    const tokens = { ...tasks, c: multiclass(3, { labelShape: [5] }) };
    expect(await codeOfMaking(tokens, plugin)).toBe("POLYTASK_NEED");
    for (const inputs of [[4, 4], [], {}, { user: [3] }]) {
      expect(await codeOfMaking(tasks, plugin, inputs)).toBe("POLYTASK_NEED");
    }
  });
});

it("exports these names", async () => {
  expect(Object.keys(await import("@polytask/arch-ple")).sort()).toEqual(["cgc", "ple"]);
});
