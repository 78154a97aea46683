/**
 * The lean memory mode, which keeps inner products of gradients and goes backward again: held against the eager engine,
 * and against the compiled one with all gradients stored.
 */
import { sharedBottom } from "@polytask/arch-shared-bottom";
import {
  CONTRACT,
  createTrainer,
  input,
  type Parts,
  type ReducerPlugin,
  seededRandom,
  sgd,
  type SurgeryPlugin,
} from "@polytask/core";
import type { CompileReport } from "@polytask/compiled";
import { fittedFeatures } from "@polytask/features";
import { pcgrad } from "@polytask/surgery-pcgrad";
import { l2 } from "@polytask/regularizer-norms";
import { compareEngines } from "@polytask/testkit";
import { gradNorm } from "@polytask/weighting-gradnorm";
import { describe, expect, it, vi } from "vitest";
import { equalNorms } from "polytask-third-party-plugin";
import { engine } from "./compiled-engine.ts";
import { BATCH, combinations, data, type Names, tasks } from "./compositions.ts";

const lean = () => engine<Names>({ memory: "lean" });

/** A surgery, one parameter at a time. */
const perParameter = (surgery: SurgeryPlugin<Names>): SurgeryPlugin<Names> => ({
  ...surgery,
  name: `${surgery.name}-per-parameter`,
  create: async (scope) => ({
    ...(await surgery.create(scope)),
    blocks: (parameters) => parameters.map((parameter) => [parameter]),
  }),
});

const leaveOutFirst = (labels: readonly (number | null)[]): (number | null)[] =>
  labels.map((label, i) => (i < BATCH ? null : label));

const compare = (parts: () => Omit<Parts<Names>, "engine" | "optimizer">, on = data) =>
  compareEngines<Names>({ engine: lean, tasks, parts, data: on, batchSize: BATCH, steps: 2 });

describe("lean, against the eager engine", () => {
  const some = combinations.filter(({ title }) =>
    /GradNorm × (none|PCGrad)|uncertainty × PCGrad/.test(title),
  );
  it.each(some)("$title", async ({ parts }) => {
    const found = await compare(parts);
    expect(found.gradients).toBeLessThan(1e-5);
  });

  const encoder = input<Names>([5]);
  const architecture = () => sharedBottom<Names>({ hidden: [6, 5], towers: [4] });
  const others: Readonly<Record<string, () => Omit<Parts<Names>, "engine" | "optimizer">>> = {
    "each layer by itself": () => ({
      encoder,
      architecture: architecture(),
      surgery: perParameter(pcgrad()),
    }),
    "a chain of surgeries, one of them by layer, with penalties": () => ({
      encoder,
      architecture: architecture(),
      weighting: gradNorm(),
      surgery: [pcgrad(), perParameter(equalNorms()), equalNorms()],
      regularizers: [l2({ strength: 1e-2 })],
    }),
  };
  it.each(Object.entries(others))("%s", async (_, parts) => {
    const found = await compare(parts);
    expect(found.gradients).toBeLessThan(1e-5);
  });

  it("a task that is absent for a step", async () => {
    const labels = { ...data.labels, click: leaveOutFirst(data.labels.click) };
    const found = await compare(others["each layer by itself"], { ...data, labels });
    expect(found.gradients).toBeLessThan(1e-5);
  });
});

const ROWS = 16;
const random = seededRandom(5)("data");
const noise = Float32Array.from({ length: ROWS * 1500 }, () => random.normal());
const price = Array.from({ length: ROWS }, (_, i) => noise[i]);
const click = price.map((value, i) => (i % 3 === 0 ? null : Number(value > 0)));
const words = Array.from({ length: 60_000 }, (_, i) => `word ${i}`);

/** More shared parameters than are held at once, twice over. */
const large = {
  "a layer": {
    encoder: () => input<Names>([1500]),
    hidden: [1500, 6],
    inputs: noise,
  },
  "a table": {
    encoder: () =>
      fittedFeatures({ numeric: [], categorical: [{ name: "word", words, dimension: 40 }] }),
    hidden: [6],
    inputs: { word: price.map((_, i) => words[(i * i) % 9]) },
  },
} as const;

/** State and compile reports after some steps. */
async function trainLarge(name: keyof typeof large, memory: "stored" | "lean") {
  const { encoder, hidden, inputs } = large[name];
  const reports: CompileReport[] = [];
  await using trainer = await createTrainer<Names>(tasks, {
    encoder: encoder(),
    architecture: sharedBottom({ hidden, towers: [4] }),
    surgery: pcgrad(),
    optimizer: sgd({ learningRate: 0.01 }),
    engine: engine({ memory, onCompile: (report) => reports.push(report) }),
  });
  await trainer.fit({ inputs, labels: { click, price } }, { steps: 2, batchSize: 8 });
  return { reports, state: structuredClone(await trainer.state()) };
}

describe("lean, where gradients are larger than what is held at once", () => {
  it.each(["a layer", "a table"] as const)("%s moves as in the stored mode", async (name) => {
    const [stored, found] = [await trainLarge(name, "stored"), await trainLarge(name, "lean")];
    for (const [variable, { values }] of Object.entries(stored.state.variables)) {
      const scale = values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      const { values: own } = found.state.variables[variable];
      const apart = values.reduce((most, x, i) => Math.max(most, Math.abs(x - own[i])), 0);
      expect(apart).toBeLessThan(1e-5 * scale);
    }
    expect(found.reports.flatMap(({ diagnostics }) => diagnostics)).toEqual([]);
    expect(found.reports.map(({ what }) => what)).toContain("step of 8, backward again");
  });
});

describe("lean, where it cannot be", () => {
  const refusal = { code: "POLYTASK_LEAN" };
  const make = (change: Partial<Parts<Names>>) =>
    createTrainer<Names>(tasks, {
      encoder: input([5]),
      architecture: sharedBottom({ hidden: [6] }),
      engine: lean(),
      ...change,
    });

  it("refuses a surgery that edits gradients", async () => {
    const surgery: SurgeryPlugin<Names> = {
      kind: "surgery",
      name: "surgery-editing",
      contract: CONTRACT,
      create: () => ({ edit: (jacobian) => jacobian }),
    };
    await expect(make({ surgery })).rejects.toMatchObject({
      ...refusal,
      found: "surgery-editing edits the gradients themselves",
    });
  });

  it("refuses one of several processes", async () => {
    const reducer: ReducerPlugin = {
      kind: "reducer",
      name: "reducer-of-two",
      contract: CONTRACT,
      create: () => ({ size: 2, sum: (values) => Promise.resolve(values) }),
    };
    await expect(make({ reducer })).rejects.toMatchObject(refusal);
  });

  it("refuses a step on several data sets, and leaves the trainer as it was", async () => {
    await using trainer = await make({});
    const before = structuredClone(await trainer.state());
    const twice = trainer.fit([data, data], { steps: 1, batchSize: BATCH });
    await expect(twice).rejects.toMatchObject(refusal);
    const { variables, engine, step } = await trainer.state();
    expect({ variables, engine, step }).toEqual({
      variables: before.variables,
      engine: before.engine,
      step: before.step,
    });
    await trainer.fit(data, { steps: 1, batchSize: BATCH });
    expect(trainer.step).toBe(1);
  });

  it("goes on eagerly where that was asked for", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    await using trainer = await make({ engine: engine({ memory: "lean", fallback: "eager" }) });
    await trainer.fit([data, data], { steps: 1, batchSize: BATCH });
    expect(trainer.step).toBe(1);
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });
});
