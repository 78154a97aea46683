import {
  type ArchitecturePlugin,
  binary,
  CONTRACT,
  createTrainer,
  input,
  type OptimizerPlugin,
  type PerTask,
  regression,
  type Trainer,
  type TrainerState,
  type WeightingPlugin,
} from "@polytask/core";
import { adam, adamw, cosine, fromTfOptimizer, momentum } from "@polytask/optimizers";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

type Name = "click" | "value";

const tasks = { click: binary(), value: regression() };

/** A shared layer and a linear head per task. */
const network = (): ArchitecturePlugin<Name> => ({
  kind: "architecture",
  name: "arch-test",
  contract: CONTRACT,
  create: (scope) => {
    const { normal } = scope.random("kernels");
    const kernel = (shape: [number, number]) => {
      const values = Array.from({ length: shape[0] * shape[1] }, normal);
      return scope.variable(() => tf.tensor2d(values, shape));
    };
    const shared = kernel([3, 4]);
    const heads = { click: kernel([4, 1]), value: kernel([4, 1]) };
    return {
      parameters: [
        { name: "shared", variable: shared, tasks: ["click", "value"] },
        { name: "click", variable: heads.click, tasks: ["click"] },
        { name: "value", variable: heads.value, tasks: ["value"] },
      ],
      lastShared: [shared],
      forward: (inputs) => {
        const hidden = tf.tanh(tf.matMul(inputs as tf.Tensor2D, shared as tf.Tensor2D));
        return {
          click: tf.matMul(hidden, heads.click),
          value: tf.matMul(hidden, heads.value),
        };
      },
    };
  },
});

const ROWS = 24;
const at = (i: number): number => Math.sin(12.9 * i);
const every = <T>(make: (i: number) => T): T[] => Array.from({ length: ROWS }, (_, i) => make(i));
const inputs = every((i) => [at(i), at(i + 50), at(i + 100)]);

/** In batches of 4 without shuffling, "click" has no label in the third and fourth step of an epoch. */
const data = {
  inputs,
  labels: {
    click: every((i) => (i >= 8 && i < 16 ? null : Number(at(i) > 0))),
    value: every((i) => at(i + 50) - at(i)),
  },
};
const reading = { batchSize: 4, shuffle: false };

const start = (optimizer: OptimizerPlugin): Promise<Trainer<Name>> =>
  createTrainer(tasks, { encoder: input([3]), architecture: network(), optimizer }, { seed: 3 });

const values = async (trainer: Trainer<Name>): Promise<Record<string, number[]>> =>
  Object.fromEntries(
    Object.entries((await trainer.state()).variables).map(([name, saved]) => [
      name,
      Array.from(saved.values),
    ]),
  );

const difference = (a: Record<string, number[]>, b: Record<string, number[]>): number[] =>
  Object.entries(a).flatMap(([name, list]) => list.map((x, i) => x - b[name][i]));

let tensors: number;
beforeEach(() => {
  tensors = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors).toBe(tensors);
});

const ALL: readonly (readonly [string, () => OptimizerPlugin])[] = [
  ["momentum", () => momentum({ learningRate: 0.05 })],
  ["adam on a schedule", () => adam({ learningRate: cosine({ peak: 0.1, warmup: 2, total: 9 }) })],
  ["adamw", () => adamw({ learningRate: 0.05, weightDecay: 0.1, clip: { norm: 0.5 } })],
  ["tf.train.sgd", () => fromTfOptimizer(() => tf.train.sgd(0.05))],
  ["tf.train.momentum", () => fromTfOptimizer(() => tf.train.momentum(0.05, 0.9))],
  ["tf.train.adam", () => fromTfOptimizer(() => tf.train.adam(0.05))],
  ["tf.train.rmsprop", () => fromTfOptimizer(() => tf.train.rmsprop(0.05))],
];

describe.each(ALL)("%s in a trainer", (_name, make) => {
  it("learns", async () => {
    const trainer = await start(make());
    const before = await trainer.evaluate(data);
    await trainer.fit(data, { epochs: 10, ...reading });
    const after = await trainer.evaluate(data);
    expect(after.losses.value).toBeLessThan(before.losses.value ?? NaN);
    expect(after.losses.click).toBeLessThan(before.losses.click ?? NaN);
    await trainer.dispose();
  });

  it("leaves the head of an absent task alone", async () => {
    const trainer = await start(make());
    await trainer.fit(data, { steps: 2, ...reading });
    const before = await values(trainer);
    await trainer.fit(data, { steps: 4, ...reading });
    const after = await values(trainer);
    expect(after["architecture/click"]).toEqual(before["architecture/click"]);
    expect(after["architecture/value"]).not.toEqual(before["architecture/value"]);
    await trainer.fit(data, { steps: 5, ...reading });
    expect((await values(trainer))["architecture/click"]).not.toEqual(before["architecture/click"]);
    await trainer.dispose();
  });

  it("goes on bit for bit from a saved state, whichever the step", async () => {
    const whole = await start(make());
    const states: TrainerState[] = [];
    for (let steps = 1; steps <= 8; steps++) {
      states.push(structuredClone(await whole.state()));
      await whole.fit(data, { steps, ...reading });
    }
    const end = await whole.state();
    for (const state of states) {
      const resumed = await start(make());
      await resumed.fit(data, { steps: 1, ...reading });
      await resumed.restore(state);
      await resumed.fit(data, { steps: 8, ...reading });
      expect(await resumed.state()).toEqual(end);
      await resumed.dispose();
    }
    await whole.dispose();
  });

  it("serves two trainers from one value, and they share nothing", async () => {
    const plugin = make();
    const [one, other] = [await start(plugin), await start(plugin)];
    await one.fit(data, { steps: 5, ...reading });
    await other.fit(data, { steps: 5, ...reading });
    expect(await values(other)).toEqual(await values(one));
    await one.dispose();
    await other.dispose();
  });
});

describe("two implementations of one method", () => {
  // Without an absent task the step counts agree, and so must all else but rounding.
  const complete = { inputs, labels: { ...data.labels, click: every((i) => Number(at(i) > 0)) } };
  it.each([
    [
      "adam",
      adam({ learningRate: 0.05, epsilon: 1e-7 }),
      () => tf.train.adam(0.05, 0.9, 0.999, 1e-7),
    ],
    ["momentum", momentum({ learningRate: 0.05 }), () => tf.train.momentum(0.05, 0.9)],
    [
      "nesterov",
      momentum({ learningRate: 0.05, nesterov: true }),
      () => tf.train.momentum(0.05, 0.9, true),
    ],
  ])("%s follows tf.train's", async (_title, mine, theirs) => {
    const [one, other] = [await start(mine), await start(fromTfOptimizer(theirs))];
    await one.fit(complete, { epochs: 2, ...reading });
    await other.fit(complete, { epochs: 2, ...reading });
    const apart = difference(await values(one), await values(other)).map(Math.abs);
    expect(Math.max(...apart)).toBeLessThan(2e-5);
    await one.dispose();
    await other.dispose();
  });
});

describe("clip", () => {
  const gradient = async (clip?: { norm?: number; value?: number }): Promise<number[]> => {
    const trainer = await start(momentum({ learningRate: 1, momentum: 0, ...(clip && { clip }) }));
    const before = await values(trainer);
    await trainer.fit(data, { steps: 1, ...reading });
    const step = difference(before, await values(trainer));
    await trainer.dispose();
    return step;
  };
  const norm = (step: readonly number[]): number => Math.hypot(...step);

  it("norm: scales the whole gradient to the limit and keeps its direction", async () => {
    const free = await gradient();
    const limit = norm(free) / 3;
    const clipped = await gradient({ norm: limit });
    expect(norm(clipped)).toBeCloseTo(limit, 5);
    clipped.forEach((x, i) => {
      expect(x).toBeCloseTo(free[i] / 3, 5);
    });
  });

  it("norm: leaves a gradient below the limit", async () => {
    const free = await gradient();
    expect(await gradient({ norm: 2 * norm(free) })).toEqual(free);
  });

  it("value: cuts every element, after the norm", async () => {
    const free = await gradient();
    const limit = Math.max(...free.map(Math.abs)) / 2;
    const cut = (x: number): number => Math.max(-limit, Math.min(limit, x));
    (await gradient({ value: limit })).forEach((x, i) => {
      expect(x).toBeCloseTo(cut(free[i]), 5);
    });
    const half = norm(free) / 2;
    (await gradient({ norm: half, value: limit / 4 })).forEach((x, i) => {
      expect(x).toBeCloseTo(Math.max(-limit / 4, Math.min(limit / 4, free[i] / 2)), 5);
    });
  });
});

describe("parameter groups and decay", () => {
  /** Weights e^{−s}, so that the first step's gradient of s does not depend on any decay. */
  const learnt = (): WeightingPlugin<Name> => ({
    kind: "weighting",
    name: "weighting-test",
    contract: CONTRACT,
    create: (scope) => {
      const logs: PerTask<Name, tf.Variable> = {
        click: scope.variable(() => tf.scalar(1)),
        value: scope.variable(() => tf.scalar(1)),
      };
      return {
        weigh: (losses) => {
          const s = tf.stack<tf.Tensor>([logs.click, logs.value]);
          return tf.add<tf.Tensor1D>(tf.mul(losses, tf.exp(tf.neg(s))), s);
        },
        variables: [
          { name: "click", variable: logs.click, tasks: ["click"] },
          { name: "value", variable: logs.value, tasks: ["value"] },
        ],
      };
    },
  });
  const oneStep = async (optimizer: OptimizerPlugin): Promise<Record<string, number[]>> => {
    const trainer = await createTrainer(
      tasks,
      { encoder: input([3]), architecture: network(), weighting: learnt(), optimizer },
      { seed: 3 },
    );
    await trainer.fit(data, { steps: 1, ...reading });
    const after = await values(trainer);
    await trainer.dispose();
    return after;
  };

  it("decays the network and not the weighting", async () => {
    const plain = await oneStep(adam({ learningRate: 0.1 }));
    const decayed = await oneStep(adamw({ learningRate: 0.1, weightDecay: 0.5 }));
    expect(decayed["weighting/click"]).toEqual(plain["weighting/click"]);
    expect(decayed["weighting/value"]).toEqual(plain["weighting/value"]);
    expect(decayed["weighting/click"]).not.toEqual([1]);
    for (const name of ["shared", "click", "value"]) {
      expect(decayed[`architecture/${name}`]).not.toEqual(plain[`architecture/${name}`]);
    }
  });

  it("finds groups by the names and owners that the trainer gives", async () => {
    const plain = await oneStep(momentum({ learningRate: 0.1 }));
    const grouped = await oneStep(
      momentum({
        learningRate: 0.1,
        groups: [
          { where: ({ owner }) => owner === "weighting", rate: 0 },
          { where: ({ tasks: owners }) => owners.length === 1, rate: 0 },
        ],
      }),
    );
    expect(grouped["architecture/shared"]).toEqual(plain["architecture/shared"]);
    expect(grouped["weighting/click"]).toEqual([1]);
    expect(grouped["architecture/click"]).not.toEqual(plain["architecture/click"]);
  });
});

it("a schedule that gives nonsense stops the step, and the trainer stays usable", async () => {
  const trainer = await start(adam({ learningRate: (step) => (step === 2 ? NaN : 0.1) }));
  await expect(trainer.fit(data, { steps: 4, ...reading })).rejects.toThrow("learningRate");
  expect(trainer.step).toBe(2);
  expect((await trainer.predict(inputs)).click.every(Number.isFinite)).toBe(true);
  await trainer.dispose();
});

it("a trainer that cannot be wired leaves no optimizer behind", async () => {
  await expect(
    createTrainer(tasks, {
      encoder: input([3]),
      architecture: network(),
      optimizer: fromTfOptimizer(() => tf.train.momentum(0.1, 0.9)),
      // Observers are made after the optimizer.
      observers: [
        {
          kind: "observer",
          name: "observer-broken",
          contract: CONTRACT,
          create: () => {
            throw new Error("broken");
          },
        },
      ],
    }),
  ).rejects.toThrow("broken");
});

it.each([
  ["another optimizer's slots", adam, momentum],
  ["slots where there are none to be", adam, () => fromTfOptimizer(() => tf.train.sgd(0.05))],
  ["tf.train's books", () => fromTfOptimizer(() => tf.train.adam(0.05)), adam],
] as const)("%s are refused, and nothing changes", async (_, from, to) => {
  await using source = await start(from());
  await source.fit(data, { steps: 2, ...reading });
  await using target = await start(to());
  await target.fit(data, { steps: 1, ...reading });
  const before = await target.state();
  await expect(target.restore(await source.state())).rejects.toMatchObject({
    code: "POLYTASK_STATE",
  });
  expect(await target.state()).toEqual(before);
});
