import { softSharing } from "@polytask/arch-soft-sharing";
import { binary, createTrainer, input, multiclass, regression, sgd } from "@polytask/core";
import { expectAllClose, expectNoLeak, testStep } from "@polytask/testkit";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import {
  assignKnown,
  codeOf,
  codeOfMaking,
  differences,
  expectMatches,
  layers,
  ownership,
  type Rows,
  scores,
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

/** λ Σ_{i<j} Σ_p (θ_i,p − θ_j,p)², pair by pair, in float64. */
function tie(weights: Weights, lambda: number): number {
  let sum = 0;
  for (let i = 0; i < names.length; i++) {
    for (let j = i + 1; j < names.length; j++) {
      for (const [name, values] of weights) {
        if (!name.startsWith(`bottom/${names[i]}/`)) continue;
        const other = weights.get(name.replace(`bottom/${names[i]}/`, `bottom/${names[j]}/`)) ?? [];
        values.forEach((value, p) => {
          sum += (value - (other as Float64Array)[p]) ** 2;
        });
      }
    }
  }
  return lambda * sum;
}

const value = async (tensor: Tensor): Promise<number> => {
  const [number] = await tensor.data();
  tensor.dispose();
  return number;
};

describe("softSharing", () => {
  // Reference: y_k = tower_k(bottom_k(x)) in float64 and plain loops.
  it("equals the formula: scores, gradients, ownership", () =>
    expectMatches(
      tasks,
      softSharing<Task>({ hidden: [4, 2], strength: 0.1, towers: { c: [3] }, activation: "tanh" }),
      (w, x) => each((task) => scores(w, task, layers(w, `bottom/${task}`, x, tanh), tanh)),
    ));

  // Reference: the definition, pair by pair in float64; gradients by central differences.
  it("ties the bottoms by λ Σ_{i<j} ‖θ_i − θ_j‖², value and gradient, heads and towers free", () =>
    withModel(
      tasks,
      softSharing<Task>({ hidden: [4, 2], strength: 0.3, towers: [2] }),
      async (model) => {
        const weights = assignKnown(model.parameters);
        const penalty = (): tf.Scalar => {
          if (!model.penalty) throw new Error("no penalty");
          return model.penalty(testStep<Task>().pass(names));
        };
        expectAllClose(await value(tf.tidy(penalty)), tie(weights, 0.3), { relative: 1e-5 });

        const [expected] = differences((w) => [tie(w, 0.3)], weights);
        const { value: at, grads } = tf.variableGrads(penalty);
        at.dispose();
        for (const { name, variable } of model.parameters) {
          const gradient = grads[variable.name] as Tensor | null;
          const found = gradient ? await gradient.data() : new Float32Array(variable.size);
          expectAllClose(found, expected.get(name) ?? [], { relative: 1e-5, absolute: 1e-5 });
          if (!name.startsWith("bottom/")) expect(found.every((number) => number === 0)).toBe(true);
        }
        tf.dispose(grads);
      },
    ));

  it("reads a scheduled strength at every step", () =>
    withModel(
      tasks,
      softSharing<Task>({ hidden: [2], strength: ({ step, epoch }) => 0.5 * (step + epoch) }),
      async (model) => {
        const weights = assignKnown(model.parameters);
        for (const at of [
          { step: 0, epoch: 0 },
          { step: 3, epoch: 1 },
        ]) {
          const found = await value(
            tf.tidy(() => model.penalty?.(testStep<Task>({ at }).pass(names)) ?? tf.scalar(NaN)),
          );
          expectAllClose(found, tie(weights, 0.5 * (at.step + at.epoch)), { relative: 1e-5 });
        }
      },
    ));

  it("refuses a schedule that leaves the range", () =>
    withModel(tasks, softSharing<Task>({ hidden: [2], strength: () => NaN }), async (model) => {
      const code = await codeOf(() => tf.tidy(() => model.penalty?.(testStep<Task>().pass(names))));
      expect(code).toBe("POLYTASK_OPTION");
    }));

  it("owns nothing in common, and pairs its networks by role", () =>
    withModel(
      { a: binary(), c: multiclass(3) },
      softSharing<"a" | "c">({ hidden: [5, 2], strength: 1 }),
      (model) => {
        expect(ownership(model)).toEqual({
          "bottom/a/0/kernel": "a",
          "bottom/a/0/bias": "a",
          "bottom/a/1/kernel": "a",
          "bottom/a/1/bias": "a",
          "bottom/c/0/kernel": "c",
          "bottom/c/0/bias": "c",
          "bottom/c/1/kernel": "c",
          "bottom/c/1/bias": "c",
          "head/a/kernel": "a",
          "head/a/bias": "a",
          "head/c/kernel": "c",
          "head/c/bias": "c",
        });
        const roles = (task: string) =>
          model.parameters.filter(({ name }) => name.includes(`/${task}/`)).map(({ role }) => role);
        expect(roles("a")).toEqual(roles("c"));
        const last = model.parameters.filter(({ name }) => /^bottom\/.\/1\//.test(name));
        expect(model.lastShared).toEqual(last.map(({ variable }) => variable));
      },
    ));
});

describe("in a trainer", () => {
  const data = {
    inputs: Array.from({ length: 32 }, (_, i) => [Math.sin(i), Math.cos(2 * i), (i % 5) / 5]),
    labels: {
      up: Array.from({ length: 32 }, (_, i) => 1 + Math.sin(i)),
      down: Array.from({ length: 32 }, (_, i) => -1 - Math.sin(i)),
    },
  };

  /** Distance of the two bottoms after training. */
  async function distance(
    strength: number | (({ epoch }: { epoch: number }) => number),
  ): Promise<number> {
    let result = 0;
    await expectNoLeak(async () => {
      const trainer = await createTrainer(
        { up: regression(), down: regression() },
        {
          encoder: input([3]),
          architecture: softSharing({ hidden: [4], strength, activation: "tanh" }),
          optimizer: sgd({ learningRate: 0.05 }),
        },
        { seed: 3 },
      );
      await trainer.fit(data, { epochs: 20, batchSize: 16 });
      const { variables } = await trainer.state();
      const of = (task: string) => {
        const found = Object.entries(variables).find(([name]) =>
          name.endsWith(`bottom/${task}/0/kernel`),
        );
        return Array.from(found?.[1].values ?? []);
      };
      const down = of("down");
      expect(down).toHaveLength(12);
      result = Math.sqrt(of("up").reduce((sum, number, i) => sum + (number - down[i]) ** 2, 0));
      await trainer.dispose();
    });
    return result;
  }

  it("draws the networks together, the stronger the closer, and follows a schedule", async () => {
    const free = await distance(0);
    const tied = await distance(1);
    expect(tied).toBeLessThan(0.5 * free);
    const late = await distance(({ epoch }) => (epoch < 10 ? 0 : 1));
    expect(late).toBeLessThan(0.5 * free);
    expect(late).not.toBe(tied);
  });
});

describe("bad options", () => {
  it.each([
    ["no tied layer", { hidden: [], strength: 1 }],
    ["a negative strength", { hidden: [4], strength: -1 }],
    ["an infinite strength", { hidden: [4], strength: Infinity }],
    ["no strength", { hidden: [4] } as unknown as { hidden: number[]; strength: number }],
    ["an empty tower layer", { hidden: [4], strength: 1, towers: [0] }],
    ["a rate of one", { hidden: [4], strength: 1, dropout: 1 }],
  ])("are refused by the factory: %s", async (_, options) => {
    expect(await codeOf(() => softSharing(options))).toBe("POLYTASK_OPTION");
  });

  it("are refused while wiring, without leaving a tensor", async () => {
    const good = { hidden: [4], strength: 1 };
    const stray = { ...good, towers: { z: [4] } } as unknown as typeof good;
    expect(await codeOfMaking(tasks, softSharing<Task>(stray))).toBe("POLYTASK_UNKNOWN_TASK");
    const tokens = { ...tasks, c: multiclass(3, { labelShape: [5] }) };
    expect(await codeOfMaking(tokens, softSharing<Task>(good))).toBe("POLYTASK_NEED");
    for (const inputs of [[4, 4], [], {}, { user: [3] }]) {
      expect(await codeOfMaking(tasks, softSharing<Task>(good), inputs)).toBe("POLYTASK_NEED");
    }
  });

  it("a single task has nothing to be tied to", () =>
    expectNoLeak(async () => {
      const code = await codeOf(() =>
        createTrainer(
          { only: regression() },
          { encoder: input([3]), architecture: softSharing({ hidden: [4], strength: 1 }) },
        ),
      );
      expect(code).toBe("POLYTASK_TOO_FEW_TASKS");
    }));
});

it("exports these names", async () => {
  expect(Object.keys(await import("@polytask/arch-soft-sharing")).sort()).toEqual(["softSharing"]);
});
