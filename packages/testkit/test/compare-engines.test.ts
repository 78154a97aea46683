import {
  CONTRACT,
  eager,
  type Engine,
  type EnginePlugin,
  type EngineScope,
  identity,
  input,
  type Parts,
  type WeightingPlugin,
} from "@polytask/core";
import { makeTensor, readTensor } from "@polytask/core/engine";
import {
  compareEngines,
  compareWithRecord,
  describeArchitecture,
  describeRegularizer,
  describeSurgery,
  describeWeighting,
  type EngineTrial,
  plainModel,
  recordSteps,
  sampleTasks,
} from "@polytask/testkit";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { squares } from "./right/norm.ts";

let tensors = 0;
beforeEach(() => {
  tensors = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors).toBe(tensors);
});

/** The eager engine but for what `change` makes of it. */
const changed =
  (change: (inner: Engine, scope: EngineScope) => Partial<Engine>) => (): EnginePlugin => ({
    kind: "engine",
    name: "engine-changed",
    contract: CONTRACT,
    create: (scope) => {
      const inner = eager().create(scope) as Engine;
      return { ...inner, ...change(inner, scope) };
    },
  });

const close = changed(({ apply }) => ({
  apply: async (info) => {
    const applied = await apply(info);
    const losses = Object.entries(applied.losses).map(([name, loss]) => [
      name,
      (loss as number) * (1 + 1e-7),
    ]);
    return { ...applied, losses: Object.fromEntries(losses) as typeof applied.losses };
  },
}));

/** Weights that host code moves from step to step. */
const moving: WeightingPlugin = {
  kind: "weighting",
  name: "weighting-moving",
  contract: CONTRACT,
  create: ({ tasks }) => ({
    weigh: (losses, _present, pass) =>
      tf.mul(
        losses,
        pass.host("weights", [tasks.length], ({ step }) => tasks.map((_, k) => 1 + step * k)),
      ),
  }),
};

const column = (length: number, at: (i: number) => number): Float32Array =>
  Float32Array.from({ length }, (_, i) => at(i));
const data = {
  inputs: column(24 * 6, (i) => Math.sin(12.9 * i)),
  labels: {
    a: column(24, (i) => (i % 4 === 0 ? NaN : i % 2)),
    b: column(24, (i) => Math.cos(i)),
    // Absent from the second batch of eight.
    c: column(24, (i) => (i >= 8 && i < 16 ? NaN : i % 3)),
  },
};
const trial = (engine: () => EnginePlugin, parts: Partial<Parts> = {}): EngineTrial => ({
  engine,
  tasks: sampleTasks,
  parts: () => ({ architecture: plainModel(), encoder: input([6]), ...parts }),
  data,
  steps: 4,
});

describe("compareEngines", () => {
  it("finds no difference between the eager engine and itself", async () => {
    const none = { reports: 0, gradients: 0, states: 0, predictions: 0, switched: 0 };
    expect(await compareEngines(trial(eager))).toEqual(none);
    expect(await compareEngines(trial(eager, { surgery: identity(), weighting: moving }))).toEqual(
      none,
    );
    const several = [data, { ...data, labels: { b: data.labels.b } }];
    expect(await compareEngines({ ...trial(eager), data: several })).toEqual(none);
  });

  it("tells how far an engine is from it, where that is near enough", async () => {
    const { reports, gradients, predictions } = await compareEngines(trial(close));
    expect(reports).toBeGreaterThan(5e-8);
    expect(reports).toBeLessThan(2e-7);
    expect(gradients).toBe(0);
    expect(predictions).toBe(0);
    await expect(compareEngines({ ...trial(close), tolerance: 1e-8 })).rejects.toThrow("losses");
  });
});

describe("compareWithRecord", () => {
  it("finds no difference between an engine and a record of it, and every other there is", async () => {
    const record = await recordSteps(trial(eager, { weighting: moving }));
    const moved = trial(eager, { weighting: moving });
    const none = { reports: 0, gradients: 0, states: 0, predictions: 0 };
    expect(await compareWithRecord(moved, record)).toEqual(none);
    const { a: gone, ...others } = record.predictions;
    const off = { ...others, a: gone.map((value) => value + 1) };
    await expect(compareWithRecord(moved, { ...record, predictions: off })).rejects.toThrow(
      "predictions",
    );
    const [first, ...later] = record.states;
    await expect(
      compareWithRecord(moved, { ...record, states: [first, first, ...later.slice(1)] }),
    ).rejects.toThrow("step 0");
  });
});

/** Values of all variables, set by a factor. */
const scaled = async (scope: EngineScope, factor: number): Promise<void> => {
  for (const { variable } of scope.network.parameters) {
    const { shape, values } = await readTensor(variable);
    const next = makeTensor({ shape, values: values.map((value) => value * factor) });
    variable.assign(next);
    next.dispose();
  }
};

const wrong: Readonly<Record<string, readonly [() => EnginePlugin, RegExp]>> = {
  "another step": [
    changed(({ apply }, scope) => ({
      apply: async (info) => {
        const applied = await apply(info);
        await scaled(scope, 1 + 1e-4);
        return applied;
      },
    })),
    /state after step 0, "architecture/,
  ],
  "another gradient": [
    changed(({ save }) => ({
      save: async () => {
        const { tensors: slots, counts } = await save();
        const [[name, first], ...others] = Object.entries(slots);
        const values = first.values.map((value) => value * (1 + 1e-4));
        return { counts, tensors: Object.fromEntries([[name, { ...first, values }], ...others]) };
      },
    })),
    /gradient of step 0, "architecture/,
  ],
  "a report without weights": [
    changed(({ apply }) => ({ apply: async (info) => ({ ...(await apply(info)), weights: {} }) })),
    /report of step 0, weights: another/,
  ],
  "noise of its own": [
    changed((_, { network }) => ({ flush: () => void network.noise.uniform() })),
    /state after step 0, random: another/,
  ],
  "the host values of its first step": [
    changed((_, scope) => {
      const { weighting } = scope.network;
      const frozen = { ...weighting };
      frozen.weigh = (losses, present, pass) =>
        weighting.weigh(losses, present, {
          ...pass,
          host: (key, shape, read) => pass.host(key, shape, () => read({ step: 0, epoch: 0 })),
        });
      return eager().create({
        ...scope,
        network: { ...scope.network, weighting: frozen },
      }) as Engine;
    }),
    /report of step 1, weights/,
  ],
  "variables that it never writes": [
    changed(({ gather, apply, scores, load }, { network }) => {
      const variables = network.parameters.map(({ variable }) => variable);
      const read = () => Promise.all(variables.map(readTensor));
      const write = (values: Awaited<ReturnType<typeof read>> | undefined): void => {
        tf.tidy(() => {
          values?.forEach((value, i) => variables[i].assign(makeTensor(value)));
        });
      };
      let held: Awaited<ReturnType<typeof read>> | undefined;
      let stale: typeof held;
      return {
        gather: async (batch, info) => {
          stale = await read();
          write(held);
          await gather(batch, info);
        },
        apply: async (info) => {
          const applied = await apply(info);
          held = await read();
          write(stale);
          return applied;
        },
        scores,
        load: (state) => {
          held = undefined;
          return load(state);
        },
      };
    }),
    /state after step 0, "architecture/,
  ],
  "a state that it never takes up": [
    changed(() => ({ load: () => undefined })),
    /gradient of step 1, names|counts of updates/,
  ],
  "other scores outside training": [
    changed(({ scores }) => ({
      scores: async (batch, place) => {
        const right = await scores(batch, place);
        return Object.fromEntries(
          Object.entries(right).map(([name, value]) => {
            const off = tf.add(value as tf.Tensor, 1e-3);
            (value as tf.Tensor).dispose();
            return [name, off];
          }),
        );
      },
    })),
    /predictions, "a"/,
  ],
};

it.each(Object.entries(wrong))("compareEngines refuses %s", async (_fault, [engine, message]) => {
  const found = compareEngines(trial(engine, { weighting: moving }));
  await expect(found).rejects.toMatchObject({ code: "POLYTASK_LAW" });
  await expect(found).rejects.toThrow(message);
});

// The suites with an engine, which they train with.
let made = 0;
const counted = (): EnginePlugin => {
  made++;
  return { ...close(), name: "engine-close" };
};
describeArchitecture(() => plainModel(), { engine: counted });
describeWeighting(() => moving, { engine: counted });
describeSurgery(() => identity(), { engine: counted });
describeRegularizer(() => squares(), { engine: counted });
it("train with the engine that they are given", () => {
  // For each of the four at least: one to train, seven to resume, three to compare.
  expect(made).toBeGreaterThan(4 * 11);
});
