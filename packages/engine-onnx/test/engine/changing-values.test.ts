/** What varies from step to step does so in a compiled step, which is traced once, as it does in the eager one. */
import {
  type ArchitecturePlugin,
  CONTRACT,
  type RegularizerPlugin,
  type StepPlace,
  type WeightingPlugin,
} from "@polytask/core";
import { momentum } from "@polytask/optimizers";
import { linearModel } from "@polytask/testkit";
import * as tf from "@tensorflow/tfjs";
import type { Tensor2D } from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { data, engines, train } from "./support.ts";

const STEPS = 4;

beforeAll(async () => {
  await tf.setBackend("cpu");
});

const weightsByStep: WeightingPlugin = {
  kind: "weighting",
  name: "weighting-by-step",
  contract: CONTRACT,
  create: () => ({
    weigh: (losses, _present, pass) =>
      tf.mul(
        losses,
        pass.host("weights", [2], ({ step }) => [1 + step, 10 - step]),
      ),
  }),
};

/** Triples the losses after a warm-up of two steps. */
const warmUp: WeightingPlugin = {
  kind: "weighting",
  name: "weighting-warm-up",
  contract: CONTRACT,
  create: () => {
    let steps = 0;
    return {
      phase: () => (steps < 2 ? "warm-up" : "triple"),
      weigh: (losses) => (steps < 2 ? losses : tf.mul(losses, 3)),
      observe: () => {
        steps++;
      },
    };
  },
};

const scheduledSum: RegularizerPlugin = {
  kind: "regularizer",
  name: "regularizer-scheduled-sum",
  contract: CONTRACT,
  create: () => ({
    penalty: ({ parameters, pass }) => {
      const shared = parameters.find(({ name }) => name.endsWith("shared/kernel"));
      const strength = pass.host("strength", [], ({ step }: StepPlace) => [1 + step]);
      return tf.mul(tf.sum((shared as (typeof parameters)[number]).variable), strength);
    },
  }),
};

/** score = (x ∘ mask)·w, the mask drawn anew in every step. */
const noisy: ArchitecturePlugin = {
  kind: "architecture",
  name: "arch-noisy",
  contract: CONTRACT,
  create: (scope) => {
    const variable = scope.variable(() => tf.ones([3, 1]));
    return {
      parameters: [{ name: "w", variable, tasks: scope.tasks }],
      lastShared: [],
      forward: (x, pass) => {
        const mask = tf.greater(pass.noise((x as Tensor2D).shape), 0.5);
        const score = tf.matMul(tf.mul(x as Tensor2D, tf.cast(mask, "float32")), variable);
        return { a: score, b: tf.neg(score) };
      },
    };
  },
};

describe.each(Object.entries(engines))("%s", (_, engine) => {
  it("takes the host's weights of each step", async () => {
    const { reports } = await train({ engine: engine(), weighting: weightsByStep }, STEPS);
    expect(reports.map(({ weights }) => weights)).toEqual([
      { a: 1, b: 10 },
      { a: 2, b: 9 },
      { a: 3, b: 8 },
      { a: 4, b: 7 },
    ]);
  });

  it("changes its formula where a warm-up ends", async () => {
    const { reports } = await train({ engine: engine(), weighting: warmUp }, STEPS);
    expect(reports.map(({ weights }) => weights["a"])).toEqual([1, 1, 3, 3]);
  });

  it("takes a penalty's strength of each step", async () => {
    // Inputs of 0: nothing but the penalty moves the kernel, by −rate·(1 + 2 + 3 + 4) in all.
    const { variables } = await train(
      {
        engine: engine(),
        architecture: linearModel({ shared: [1, 2, 3], bias: 0.5 }),
        regularizers: [scheduledSum],
        optimizer: momentum({ learningRate: 0.125, momentum: 0 }),
      },
      STEPS,
      new Float32Array(data.inputs.length),
    );
    expect(variables["architecture/shared/kernel"]).toEqual([1 - 1.25, 2 - 1.25, 3 - 1.25]);
  });
});

it("noise differs from step to step, and is the same in both engines", async () => {
  const parts = { architecture: noisy, optimizer: momentum({ learningRate: 1e-12 }) };
  const lossesOn = async (engine: keyof typeof engines): Promise<number[]> =>
    (await train({ ...parts, engine: engines[engine]() }, 6)).reports.map(
      ({ losses }) => losses["a"] as number,
    );
  const [eager, compiled] = [await lossesOn("eager"), await lossesOn("compiled")];
  expect(new Set(compiled.map((loss) => loss.toFixed(4))).size).toBe(6);
  compiled.forEach((loss, i) => {
    expect(Math.abs(loss / eager[i] - 1)).toBeLessThan(1e-5);
  });
});
