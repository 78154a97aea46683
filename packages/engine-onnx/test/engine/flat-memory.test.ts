import { onnx } from "@polytask/engine-onnx";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, it, onTestFinished } from "vitest";
import { growth } from "../memory.ts";
import { data, ROWS, start } from "./support.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

const engine = () => onnx({ threads: 1 });

/** How many WebAssembly memories are made from now on, and how many of them are not garbage: no other count has them. */
function watchMemories() {
  const references: WeakRef<WeakKey>[] = [];
  const { WebAssembly } = globalThis as unknown as { WebAssembly: { Memory: new () => object } };
  const { Memory } = WebAssembly;
  WebAssembly.Memory = new Proxy(Memory, {
    construct: (...call) => {
      const memory = Reflect.construct(...call) as object;
      references.push(new WeakRef(memory));
      return memory;
    },
  });
  onTestFinished(() => {
    WebAssembly.Memory = Memory;
  });
  return () => ({
    made: references.length,
    left: references.filter((reference) => reference.deref() !== undefined).length,
  });
}

it("stays flat over 20,000 steps", { timeout: 300_000 }, async () => {
  await using trainer = await start({ engine: engine() });
  let steps = 0;
  const fit = async (more: number): Promise<void> => {
    steps += more;
    await trainer.fit(data, { steps, batchSize: ROWS });
  };
  await fit(2000);
  const tensors = tf.memory().numTensors;
  const { resident, objects } = await growth(() => fit(4000));
  expect(steps).toBe(22_000);
  expect(tf.memory().numTensors).toBe(tensors);
  // 1 KiB a step, and 128 bytes.
  expect(resident).toBeLessThan(4);
  expect(objects).toBeLessThan(0.5);
});

it("stays flat over 300 trainers", { timeout: 300_000 }, async () => {
  const live = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      await using trainer = await start({ engine: engine() });
      await trainer.fit(data, { steps: 1, batchSize: ROWS });
    }
  };
  await live(50);
  const tensors = tf.memory().numTensors;
  const memories = watchMemories();
  const { resident, objects } = await growth(() => live(60));
  expect(tf.memory().numTensors).toBe(tensors);
  // A session that is not released holds more than 100 KiB: 60 of them 6 MiB. A trainer's objects are more than 32.
  expect(resident).toBeLessThan(4);
  expect(objects).toBeLessThan(2);
  expect(memories().made).toBeGreaterThanOrEqual(300);
  expect(memories().left).toBeLessThan(10);
});
