import { CONTRACT, eager, type Engine, type EnginePlugin } from "@polytask/core";
import {
  caseName,
  checkGradient,
  type CheckGradientOptions,
  engineGradients,
  type GradientCase,
  gradientCases,
  type GradientMeans,
  tfjsGradients,
} from "@polytask/testkit";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const right = engineGradients();

/** A means that computes the gradient of another function where the case is this one. */
const inPlaceOf =
  (name: string, f: GradientCase["f"]): GradientMeans =>
  (of) =>
    right(caseName(of) === name ? { ...of, f } : of);

/** A means that changes the gradients it finds. */
const spoiling =
  (spoil: (gradients: readonly Float32Array[]) => readonly Float32Array[]): GradientMeans =>
  async (of) =>
    spoil(await right(of));

const scaled =
  (factor: number) =>
  (gradients: readonly Float32Array[]): readonly Float32Array[] =>
    gradients.map((gradient) => gradient.map((value) => value * factor));

/** The cases of a few groups that a sweep of a means turns away. */
async function turnedAway(means: GradientMeans): Promise<readonly string[]> {
  const groups = ["activations", "attention", "embedding", "recurrent"];
  const found = [];
  for (const of of gradientCases.filter(({ group }) => groups.includes(group))) {
    const fault = await checkGradient(of, means).catch((error: unknown) => error);
    if (fault !== undefined) found.push(caseName(of));
  }
  return found;
}

const attention = gradientCases.find(({ name }) => name === "attention") as GradientCase;
const check = (means: GradientMeans, options: CheckGradientOptions = {}): Promise<void> =>
  checkGradient(attention, means, options);

let tensors = 0;
beforeEach(() => {
  tensors = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors).toBe(tensors);
});

describe("a sweep finds the op", () => {
  const wrong: Readonly<Record<string, GradientCase["f"]>> = {
    "activations: elu": (x) => tf.mul(tf.elu(x), 1.001),
    // As a gradient at every number but the slope's own.
    "activations: parametric relu": (x) => tf.leakyRelu(x, 0.2),
    // What softmax is without the part of its gradient that the sum has.
    "attention: softmax": (x) => tf.div(tf.exp(x), 6),
    "embedding: rows of a table": (x) => tf.gather(x, tf.tensor1d([0, 4, 3, 2], "int32")),
  };

  it.each(Object.entries(wrong))("%s, which a means has wrong", async (name, f) => {
    expect(await turnedAway(inPlaceOf(name, f))).toEqual([name]);
  });

  it("that a means lacks", async () => {
    const name = "attention: masked attention";
    const lacking: GradientMeans = async (of) => {
      if (caseName(of) === name) throw new Error("gradient function not found");
      return right(of);
    };
    expect(await turnedAway(lacking)).toEqual([name]);
  });

  it("and none where there is none", async () => {
    expect(await turnedAway(right)).toEqual([]);
  });
});

describe("a case rejects", () => {
  const wrong: Readonly<Record<string, readonly [GradientMeans, RegExp]>> = {
    "a factor": [spoiling(scaled(1.001)), /must be right.*instead of/],
    "a factor in the gradient of one input": [
      spoiling(([q, k, v]) => [q, ...scaled(1.01)([k]), v]),
      /at input 1/,
    ],
    "gradients in another order": [spoiling((all) => [...all].reverse()), /must be right/],
    "an input without a gradient": [spoiling((all) => all.slice(1)), /how many they are/],
    "a gradient of another length": [
      spoiling((all) => all.map((gradient) => gradient.slice(1))),
      /the length of input 0/,
    ],
    "a NaN": [spoiling((all) => all.map((gradient) => gradient.fill(NaN, 3, 4))), /NaN instead/],
    "nothing but an error": [() => Promise.reject(new Error("no such kernel")), /no such kernel/],
  };

  it.each(Object.entries(wrong))("%s", async (_, [means, message]) => {
    const found = check(means);
    await expect(found).rejects.toMatchObject({
      code: "POLYTASK_LAW",
      law: "attention: attention",
    });
    await expect(found).rejects.toThrow(message);
  });

  it("a tensor that is left", async () => {
    const kept: tf.Tensor[] = [];
    const leaking: GradientMeans = async (of) => {
      kept.push(tf.scalar(1));
      return right(of);
    };
    await expect(check(leaking)).rejects.toThrow("1 more");
    tf.dispose(kept);
  });

  it("what differs from another means by less than differences see", async () => {
    const near = spoiling(scaled(1 + 5e-5));
    await check(near);
    await expect(check(near, { against: tfjsGradients() })).rejects.toThrow("must agree");
    await check(right, { against: tfjsGradients() });
  });

  it("what is better than it is said to be", async () => {
    await expect(check(right, { outcome: "wrong" })).rejects.toThrow("it is right");
    await expect(check(right, { outcome: "missing" })).rejects.toThrow("must be missing");
    await check(spoiling(scaled(2)), { outcome: "wrong" });
    await check(() => Promise.reject(new Error("none")), { outcome: "missing" });
  });

  it("an engine that keeps a part of the gradient", async () => {
    const engine: EnginePlugin<"objective"> = {
      kind: "engine",
      name: "engine-partial",
      contract: CONTRACT,
      create: (scope) => {
        const inner = eager<"objective">().create(scope) as Engine<"objective">;
        return {
          ...inner,
          save: async () => {
            const { tensors: slots, counts } = await inner.save();
            const cut = Object.entries(slots).map(([name, slot]) => [
              name,
              { ...slot, values: slot.values.map((value) => value * 0.9) },
            ]);
            return { counts, tensors: Object.fromEntries(cut) as typeof slots };
          },
        };
      },
    };
    await expect(check(engineGradients(() => engine))).rejects.toThrow("instead of");
  });
});
