/**
 * Parameters that stay on the device, held against the eager engine. The CPU is its own device: the same two graphs, on
 * tensors that the runtime keeps. Where there is an adapter for WebGPU, on that, too.
 */
import { sharedBottom } from "@polytask/arch-shared-bottom";
import {
  CONTRACT,
  createTrainer,
  eager,
  type EnginePlugin,
  input,
  type OptimizerPlugin,
  type Dataset,
  type Parts,
  sgd,
  type Trainer,
  type TrainerState,
} from "@polytask/core";
import { type CompileReport, onnx } from "@polytask/engine-onnx";
import { fittedFeatures } from "@polytask/features";
import { adam, adamw, momentum } from "@polytask/optimizers";
import { l2 } from "@polytask/regularizer-norms";
import { pcgrad } from "@polytask/surgery-pcgrad";
import { compareEngines } from "@polytask/testkit";
import { uncertainty } from "@polytask/weighting-uncertainty";
import * as tf from "@tensorflow/tfjs";
import { equalNorms } from "polytask-third-party-plugin";
import { describe, expect, it } from "vitest";
import { compiledEngine } from "../../packages/engine-onnx/src/onnx.ts";
import { readOptions } from "../../packages/engine-onnx/src/options.ts";
import { BATCH, combinations, data, type Names, tasks } from "./compositions.ts";

type Kept = readonly ["cpu" | "webgpu", (reports?: CompileReport[]) => EnginePlugin<Names>];

const kept = (provider: Kept[0]): Kept => [
  provider,
  (reports = []) =>
    compiledEngine(
      { ...readOptions({ threads: 1, provider }), device: true },
      { onCompile: (report) => reports.push(report) },
    ),
];

const start = (engine: EnginePlugin<Names>, parts: Partial<Parts<Names>> = {}) =>
  createTrainer<Names>(tasks, {
    encoder: input([5]),
    architecture: sharedBottom({ hidden: [6, 5], towers: [4] }),
    ...parts,
    engine,
  });

const present = await start(onnx({ provider: "webgpu" })).then(
  async (trainer) => {
    await trainer.dispose();
    return true;
  },
  () => false,
);
const providers = [kept("cpu"), ...(present ? [kept("webgpu")] : [])];

/** The largest difference of a state's numbers, relative to numbers above 1. */
function distance(actual: TrainerState, expected: TrainerState): number {
  let most = 0;
  const compare = (a: ArrayLike<number>, b: ArrayLike<number>): void => {
    expect(a.length).toBe(b.length);
    for (let i = 0; i < b.length; i++) {
      most = Math.max(most, Math.abs(a[i] - b[i]) / Math.max(1, Math.abs(b[i])));
    }
  };
  for (const [name, { values }] of Object.entries(expected.variables)) {
    compare(actual.variables[name].values, values);
  }
  expect(Object.keys(actual.engine.tensors).sort()).toEqual(
    Object.keys(expected.engine.tensors).sort(),
  );
  for (const [name, { values }] of Object.entries(expected.engine.tensors)) {
    compare(actual.engine.tensors[name].values, values);
  }
  expect(actual.engine.counts).toEqual(expected.engine.counts);
  return most;
}

/** Steps from one state, in both engines; the largest difference after any of them. */
async function compareSteps(
  engine: EnginePlugin<Names>,
  parts: () => Partial<Parts<Names>>,
  on: Dataset<Names> = data,
): Promise<number> {
  await using reference = await start(eager(), parts());
  await using subject = await start(engine, parts());
  const found: number[] = [];
  for (let steps = 1; steps <= 4; steps++) {
    await subject.restore(structuredClone(await reference.state()));
    const states: TrainerState[] = [];
    for (const trainer of [subject, reference]) {
      await trainer.fit(on, { steps, batchSize: BATCH, shuffle: false });
      states.push(structuredClone(await trainer.state()));
    }
    found.push(distance(states[0], states[1]));
  }
  return Math.max(...found);
}

/** Both tasks in the first and the third batch, one in the second. */
const absent = {
  inputs: data.inputs,
  labels: {
    price: data.inputs.slice(0, data.labels.price.length),
    click: data.labels.click.map((label, i) => (i >= BATCH && i < 2 * BATCH ? null : (label ?? 1))),
  },
};

const optimizers: Readonly<Record<string, () => OptimizerPlugin>> = {
  sgd: () => sgd({ learningRate: 0.1 }),
  momentum: () => momentum({ learningRate: 0.1, nesterov: true }),
  adam: () => adam({ learningRate: 0.01 }),
  "adamw, with groups": () =>
    adamw({
      learningRate: 0.01,
      groups: [{ where: ({ shape }) => shape.length < 2, weightDecay: 0 }],
    }),
  "adam, clipped by norm": () => adam({ learningRate: 0.01, clip: { norm: 0.05 } }),
  "momentum, clipped by norm and value": () =>
    momentum({ learningRate: 0.1, clip: { norm: 0.3, value: 0.02 } }),
};

const some = combinations.filter(({ title }) =>
  /GradNorm × (none|PCGrad)|uncertainty × (PCGrad|third)|equal × none/.test(title),
);

describe.each(providers)("parameters on the device of %s", (provider, engine) => {
  const few = provider === "cpu" ? some : some.filter(({ title }) => /^(MMoE|PLE)/.test(title));
  it.each(few)("$title", async ({ parts }) => {
    const trial = { tasks, parts, data, batchSize: BATCH, steps: 2 };
    const found = await compareEngines<Names>({ ...trial, engine: () => engine() });
    expect(found.gradients).toBeLessThan(1e-5);
  });

  const surgeries: Readonly<Record<string, () => Partial<Parts<Names>>>> = {
    "no surgery": () => ({}),
    PCGrad: () => ({ surgery: pcgrad(), weighting: uncertainty() }),
  };
  const cases = Object.entries(surgeries).flatMap(([surgery, parts]) =>
    Object.entries(optimizers).map(([name, optimizer]) => ({
      title: `${name}, ${surgery}, a task that is absent for a step`,
      parts: () => ({ ...parts(), optimizer: optimizer() }),
    })),
  );
  it.each(cases)("$title", async ({ parts }) => {
    expect(await compareSteps(engine(), parts, absent)).toBeLessThan(1e-5);
  });

  it("a chain of surgeries with penalties", async () => {
    const parts = () => ({
      surgery: [pcgrad<Names>(), equalNorms<Names>()],
      regularizers: [l2<Names>({ strength: 1e-2 })],
    });
    expect(await compareSteps(engine(), parts)).toBeLessThan(1e-5);
  });

  it.each(["exact", "lazy"] as const)("a table whose rows are updated %s", async (rows) => {
    const words = ["a", "b", "c", "d", "e", "f"];
    const parts = () => ({
      encoder: fittedFeatures({
        numeric: [],
        categorical: [{ name: "word", words, dimension: 3 }],
      }),
      optimizer: momentum({ learningRate: 0.1, rows }),
    });
    const word = data.labels.price.map((_, i) => words[(i * i) % 4]);
    const on = { inputs: { word }, labels: data.labels };
    expect(await compareSteps(engine(), parts, on)).toBeLessThan(1e-5);
  });
});

describe.each(providers)("on the device of %s", (_, engine) => {
  const parts = (): Partial<Parts<Names>> => ({
    surgery: pcgrad(),
    optimizer: adam({ learningRate: 0.01 }),
  });
  const fit = (
    trainer: Trainer<Names>,
    steps: number,
    on: Parameters<typeof trainer.fit>[0] = data,
  ) => trainer.fit(on, { steps, batchSize: BATCH, shuffle: false });

  it("a run goes on in the eager engine, and back", async () => {
    await using stayed = await start(eager(), parts());
    await fit(stayed, 6);
    let state: TrainerState | undefined;
    for (const [i, make] of [engine, eager, engine].entries()) {
      await using trainer = await start(make(), parts());
      if (state) await trainer.restore(state);
      await fit(trainer, 2 * (i + 1));
      state = structuredClone(await trainer.state());
    }
    expect(distance(state as TrainerState, await stayed.state())).toBeLessThan(1e-4);
  });

  it("predictions follow the steps", async () => {
    await using reference = await start(eager(), parts());
    await using subject = await start(engine(), parts());
    for (let steps = 0; steps < 3; steps++) {
      if (steps > 0) for (const trainer of [reference, subject]) await fit(trainer, steps);
      const [expected, actual] = [reference, subject].map((one) => one.predict(data.inputs));
      const { price } = await actual;
      (await expected).price.forEach((value, i) => {
        expect(price[i]).toBeCloseTo(value, 4);
      });
    }
  });

  it("steps on several data sets go on in the host's memory", async () => {
    const reports: CompileReport[] = [];
    const twice = [data, absent] as const;
    await using reference = await start(eager(), parts());
    await using subject = await start(engine(reports), parts());
    for (const trainer of [reference, subject]) {
      await fit(trainer, 2);
      await fit(trainer, 4, twice);
      await fit(trainer, 5);
    }
    expect(distance(await subject.state(), await reference.state())).toBeLessThan(1e-4);
    expect(reports.filter(({ what }) => what === "update")).toHaveLength(1);
  });

  it("a gradient that is not finite is an error, and nothing has moved", async () => {
    let broken = false;
    const breaks = (): Partial<Parts<Names>> => ({
      ...parts(),
      regularizers: [
        {
          kind: "regularizer",
          name: "regularizer-breaks",
          contract: CONTRACT,
          create: ({ parameters }) => ({
            penalty: ({ pass }) =>
              tf.mul(
                pass.host("factor", [], () => [broken ? 3e38 : 0]),
                tf.sum(tf.square(parameters[0].variable)),
              ),
          }),
        },
      ],
    });
    await using trainer = await start(engine(), breaks());
    await fit(trainer, 2);
    const before = structuredClone(await trainer.state());
    broken = true;
    await expect(fit(trainer, 3)).rejects.toMatchObject({ code: "POLYTASK_NON_FINITE" });
    broken = false;
    const { variables, engine: slots } = await trainer.state();
    expect(variables).toEqual(before.variables);
    expect(slots).toEqual(before.engine);
    await fit(trainer, 3);
    expect(trainer.step).toBe(3);
  });
});
