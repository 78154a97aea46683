/** Parameters that stay on a provider's device, held against the eager engine. */
import {
  CONTRACT,
  eager,
  type EnginePlugin,
  type OptimizerPlugin,
  type Parts,
  sgd,
  type Trainer,
  type TrainerState,
} from "@polytask/core";
import type { CompileReport } from "@polytask/engine-onnx";
import { fittedFeatures } from "@polytask/features";
import { adam, adamw, momentum } from "@polytask/optimizers";
import { l2 } from "@polytask/regularizer-norms";
import { pcgrad } from "@polytask/surgery-pcgrad";
import { compareEngines } from "@polytask/testkit";
import { uncertainty } from "@polytask/weighting-uncertainty";
import * as tf from "@tensorflow/tfjs";
import { equalNorms } from "polytask-third-party-plugin";
import { describe, expect, it } from "vitest";
import { BATCH, combinations, data, type Names, tasks } from "./compositions.ts";
import { absent, compareSteps, device, distance, start } from "./device-support.ts";

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

/** Holds parameters that stay on a provider's device against the eager engine. */
export function describeOnDevice(provider: "cpu" | "webgpu"): void {
  describe(`parameters on the device of ${provider}`, () => {
    describeSteps(() => device(provider), provider === "cpu" ? some : some.slice(-10));
  });
  describe(`parameters on the device of ${provider}, lean`, () => {
    describeSteps(() => device(provider, [], "lean"), provider === "cpu" ? some : some.slice(-10));

    it("keeps no rows, and goes backward once more", async () => {
      const reports: CompileReport[] = [];
      await using trainer = await start(device(provider, reports, "lean"), { surgery: pcgrad() });
      await trainer.fit(data, { steps: 2, batchSize: BATCH });
      const what = [`step of ${BATCH}`, `step of ${BATCH}, backward again`, "update"];
      expect(reports.map((report) => report.what)).toEqual(expect.arrayContaining(what));
    });
  });
  describe(`on the device of ${provider}`, () => {
    describeRuns((reports) => device(provider, reports));
  });
}

function describeSteps(engine: () => EnginePlugin<Names>, few: typeof some): void {
  it.each(few)("$title", async ({ parts }) => {
    const trial = { tasks, parts, data, batchSize: BATCH, steps: 2 };
    const found = await compareEngines<Names>({ ...trial, engine });
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
}

function describeRuns(engine: (reports?: CompileReport[]) => EnginePlugin<Names>): void {
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

  it("a run that is stopped and resumed is the same to the bit", async () => {
    await using stayed = await start(engine(), parts());
    await fit(stayed, 4);
    await using stopped = await start(engine(), parts());
    await fit(stopped, 2);
    await using resumed = await start(engine(), parts());
    await resumed.restore(structuredClone(await stopped.state()));
    await fit(resumed, 4);
    const [expected, actual] = [await stayed.state(), await resumed.state()];
    expect(actual.variables).toEqual(expected.variables);
    expect(actual.engine).toEqual(expected.engine);
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
}
