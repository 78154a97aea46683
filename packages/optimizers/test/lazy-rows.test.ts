import {
  type ArchitecturePlugin,
  CONTRACT,
  createTrainer,
  input,
  type OptimizerPlugin,
  type Task,
  type Trainer,
} from "@polytask/core";
import { adam, adamw, momentum } from "@polytask/optimizers";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeElementwise } from "./support.ts";

let tensors = 0;
beforeEach(async () => {
  await tf.setBackend("cpu");
  tensors = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors).toBe(tensors);
});

/** The loss is the score itself: with one example in a batch, the gradient of x·w is x. */
const itself: Task = {
  kind: "itself",
  units: 1,
  labelShape: [],
  loss: (scores) => tf.squeeze(scores, [-1]),
  link: (scores) => scores,
  noise: "gaussian",
  metrics: [],
};

const START = [1, -1, 2, -2, 3, -3];

/** A table of three rows of two numbers. */
const table: ArchitecturePlugin<"one"> = {
  kind: "architecture",
  name: "arch-table",
  contract: CONTRACT,
  create: (scope) => {
    const variable = scope.variable(() => tf.tensor2d(START, [3, 2]));
    return {
      parameters: [{ name: "table", variable, tasks: ["one"], layout: "rows" }],
      lastShared: [],
      forward: (x) => ({
        one: tf.matMul(x as tf.Tensor2D, tf.reshape<tf.Rank.R2>(variable, [6, 1])),
      }),
    };
  },
};

/** The second row comes late, and the third not at all; the first gets half a gradient once. */
const gradients = [
  [0.5, -2, 0, 0, 0, 0],
  [1, 1, 0, 0, 0, 0],
  [0, 0, 3, -0.1, 0, 0],
  [0.25, 0, -1, 4, 0, 0],
  [0, 0, 0, 0, 0, 0],
  [-1, 0.5, 0, 0, 0, 0],
];
const data = { inputs: gradients, labels: { one: gradients.map(() => 0) } };

const start = (optimizer: OptimizerPlugin): Promise<Trainer<"one">> =>
  createTrainer({ one: itself }, { architecture: table, encoder: input([6]), optimizer });
const fitTo = (trainer: Trainer<"one">, steps: number) =>
  trainer.fit(data, { steps, batchSize: 1, shuffle: false });

async function trained(optimizer: OptimizerPlugin): Promise<number[]> {
  await using trainer = await start(optimizer);
  await fitTo(trainer, gradients.length);
  return [...(await trainer.state()).variables["architecture/table"].values];
}

/** Every row by itself, in float64: `update` is called for the steps that give the row a gradient. */
function byHand(
  update: (p: number, g: number, slots: number[], t: number) => { p: number; slots: number[] },
): number[] {
  return START.map((first, i) => {
    const row = 2 * Math.floor(i / 2);
    let [p, slots] = [first, [0, 0]];
    gradients.forEach((gradient, step) => {
      if (gradient[row] === 0 && gradient[row + 1] === 0) return;
      ({ p, slots } = update(p, gradient[i], slots, step + 1));
    });
    return p;
  });
}

const [rate, b1, b2, epsilon] = [0.1, 0.9, 0.999, 1e-8];
const adamByHand = (decay: number) =>
  byHand((p, g, [m, v], t) => {
    const [mean, square] = [b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g];
    const step = (mean / (1 - b1 ** t)) * (1 / (Math.sqrt(square / (1 - b2 ** t)) + epsilon));
    return { p: p * (1 - rate * decay) - rate * step, slots: [mean, square] };
  });
const momentumByHand = (nesterov: boolean) =>
  byHand((p, g, [buffer]) => {
    const next = b1 * buffer + g;
    return { p: p - rate * (nesterov ? g + b1 * next : next), slots: [next] };
  });

describe("lazy rows", () => {
  it.each([
    ["adam", adam, {}, adamByHand(0)],
    ["adamw", adamw, { weightDecay: 0.5 }, adamByHand(0.5)],
    ["momentum", momentum, {}, momentumByHand(false)],
    ["nesterov", momentum, { nesterov: true }, momentumByHand(true)],
  ] as const)(
    "%s moves a row in the steps that give it a gradient",
    async (_name, make, more, expected) => {
      const lazy = await trained(make({ learningRate: rate, ...more, rows: "lazy" }));
      lazy.forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i], 5);
      });
      expect(lazy.slice(4)).toEqual(START.slice(4));
      const exact = await trained(make({ learningRate: rate, ...more }));
      expect(Math.abs(exact[2] - lazy[2])).toBeGreaterThan(1e-2);
    },
  );

  it("go on bit for bit from a saved state", async () => {
    const make = (): Promise<Trainer<"one">> => start(adam({ learningRate: rate, rows: "lazy" }));
    await using whole = await make();
    await fitTo(whole, 6);
    for (const stop of [1, 3, 5]) {
      await using first = await make();
      await fitTo(first, stop);
      await using second = await make();
      await second.restore(structuredClone(await first.state()));
      await fitTo(second, 6);
      expect(await second.state()).toEqual(await whole.state());
    }
  });

  it.each([
    ["adam", adam],
    ["adamw", adamw],
    ["momentum", momentum],
  ] as const)(
    "%s refuses a state with the other choice, and changes nothing",
    async (_name, make) => {
      for (const [saved, own] of [
        ["lazy", undefined],
        ["exact", "lazy"],
      ] as const) {
        await using one = await start(make({ rows: saved }));
        await fitTo(one, 2);
        await using other = await start(make(own ? { rows: own } : {}));
        const before = await other.state();
        await expect(other.restore(await one.state())).rejects.toThrow(
          `rows "${own ?? "exact"}"; its rows are "${saved}"`,
        );
        expect(await other.state()).toEqual(before);
      }
    },
  );

  it("are lazy or exact", () => {
    for (const make of [adam, adamw, momentum]) {
      expect(() => make({ rows: "sparse" as "lazy" })).toThrow("POLYTASK_OPTION");
    }
  });
});

describe("kernels", () => {
  it("name the rule and its constants, in the order that the rule's docs give them", async () => {
    const kernelOf = async (plugin: OptimizerPlugin) => (await makeElementwise(plugin)).kernel;
    const moments = { beta1: 0.8, beta2: 0.99, epsilon: 1e-6 };
    expect(await kernelOf(adam(moments))).toEqual({ name: "adam", constants: [0.8, 0.99, 1e-6] });
    expect(await kernelOf(adamw(moments))).toEqual({ name: "adamw", constants: [0.8, 0.99, 1e-6] });
    expect(await kernelOf(momentum({ momentum: 0.7 }))).toEqual({
      name: "momentum",
      constants: [0.7, 0],
    });
    expect(await kernelOf(momentum({ momentum: 0.7, nesterov: true }))).toEqual({
      name: "momentum",
      constants: [0.7, 1],
    });
  });
});
