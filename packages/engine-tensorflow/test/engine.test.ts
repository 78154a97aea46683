/** What the engine promises beside the results, which the suites of the repository hold against the eager engine. */
import { mmoe } from "@polytask/arch-mmoe";
import { sharedBottom } from "@polytask/arch-shared-bottom";
import { binary, createTrainer, input, type Parts, regression, type Trainer } from "@polytask/core";
import { tensorflow, type TensorflowOptions } from "@polytask/engine-tensorflow";
import { adam } from "@polytask/optimizers";
import { pcgrad } from "@polytask/surgery-pcgrad";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { callCount } from "../dist/library/context.js";
import { isThere } from "./support.ts";

type Names = "click" | "price";
const tasks = { click: binary(), price: regression() };
const column = (of: (i: number) => number): number[] => Array.from({ length: 32 }, (_, i) => of(i));
const data = {
  inputs: column((i) => i).map((i) => [Math.sin(i), Math.cos(3 * i), Math.sin(7 * i)]),
  labels: { click: column((i) => i % 2), price: column((i) => Math.cos(i)) },
};
const start = (
  parts: Partial<Parts<Names>> = {},
  options: TensorflowOptions = {},
): Promise<Trainer<Names>> =>
  createTrainer(tasks, {
    encoder: input([3]),
    architecture: mmoe({ experts: 2, hidden: [4], towers: [3] }),
    optimizer: adam({ learningRate: 0.01 }),
    engine: tensorflow({ threads: 1, ...options }),
    ...parts,
  });

/** TensorFlow's calls in a step that has run before. */
async function callsOf(
  parts: Partial<Parts<Names>>,
  options: TensorflowOptions = {},
): Promise<number> {
  await using trainer = await start(parts, options);
  await trainer.fit(data, { steps: 4, batchSize: 8 });
  const before = callCount();
  await trainer.fit(data, { steps: 14, batchSize: 8 });
  // The end of `fit` reads the parameters back, once.
  return Math.floor((callCount() - before) / 10);
}

describe.skipIf(!isThere)("a step", () => {
  it("is one call without surgery, and two with", async () => {
    expect(await callsOf({})).toBe(1);
    expect(await callsOf({ optimizer: adam({ learningRate: 0.01, clip: { norm: 1 } }) })).toBe(1);
    expect(await callsOf({ surgery: pcgrad() })).toBe(2);
  });

  it("is a third call with surgery where the gradients are not kept", async () => {
    expect(await callsOf({ surgery: pcgrad() }, { memory: "lean" })).toBe(3);
    expect(await callsOf({}, { memory: "lean" })).toBe(1);
  });

  it("that is not finite moves nothing, and names the parameter", async () => {
    await using trainer = await start();
    await trainer.fit(data, { steps: 2, batchSize: 8 });
    const before = structuredClone(await trainer.state());
    const broken = { ...data, labels: { ...data.labels, price: column(() => 1e38) } };
    await expect(trainer.fit(broken, { steps: 3, batchSize: 8 })).rejects.toMatchObject({
      code: "POLYTASK_NON_FINITE",
    });
    expect((await trainer.state()).variables).toEqual(before.variables);
    await trainer.fit(data, { steps: 5, batchSize: 8 });
    expect(trainer.step).toBe(5);
  });

  it("takes batches of other sizes, and tasks that are absent", async () => {
    await using trainer = await start();
    const absent = { ...data, labels: { ...data.labels, click: column((i) => (i < 8 ? NaN : 1)) } };
    await trainer.fit(absent, { epochs: 1, batchSize: 8, shuffle: false });
    await trainer.fit(absent, { epochs: 2, batchSize: 12, shuffle: false });
    expect(trainer.step).toBe(7);
  });
});

describe.skipIf(!isThere)("trainers", () => {
  it("share nothing in one process, and leave no tensor when they are disposed of in any order", async () => {
    const before = tf.memory().numTensors;
    const a = await start();
    const b = await start({ architecture: sharedBottom({ hidden: [4] }) });
    await a.fit(data, { steps: 3, batchSize: 8 });
    await b.fit(data, { steps: 3, batchSize: 8 });
    const alone = await start();
    await alone.fit(data, { steps: 3, batchSize: 8 });
    expect((await a.state()).variables).toEqual((await alone.state()).variables);
    await a.dispose();
    await b.fit(data, { steps: 5, batchSize: 8 });
    await alone.dispose();
    await b.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("ask for a GPU that is not there and are told so", async () => {
    await expect(start({}, { device: "gpu" })).rejects.toMatchObject({
      code: "POLYTASK_TENSORFLOW_DEVICE",
    });
  });

  it("say another TensorFlow cannot come into the process", async () => {
    await (await start()).dispose();
    await expect(start({}, { library: "/nowhere" })).rejects.toMatchObject({
      code: "POLYTASK_TENSORFLOW_LIBRARY",
    });
  });
});

describe("options", () => {
  it.each([
    [{ device: "tpu" }, "device"],
    [{ threads: 0 }, "threads"],
    [{ xla: "yes" }, "xla"],
    [{ memory: "large" }, "memory"],
    [{ library: "" }, "library"],
    [{ fallback: "maybe" }, "fallback"],
    [{ through: "python" }, "through"],
    [{ through: "tfjs-node", library: "/somewhere" }, "library"],
    [{ through: "tfjs-node", threads: 2 }, "threads"],
    [{ through: "tfjs-node", xla: true }, "xla"],
  ])("%j are refused", (options, name) => {
    expect(() => tensorflow(options as TensorflowOptions)).toThrow(`option "${name}"`);
  });
});
