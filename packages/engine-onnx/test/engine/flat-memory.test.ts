import { onnx } from "@polytask/engine-onnx";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, it } from "vitest";
import { data, ROWS, start } from "./support.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** MiB that the process holds, after what is dead has gone. */
const resident = async (): Promise<number> => {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    collect();
  }
  return process.memoryUsage.rss() / 2 ** 20;
};

const engine = () => onnx({ threads: 1 });

it("stays flat over 10,000 steps", async () => {
  await using trainer = await start({ engine: engine() });
  const fitTo = (steps: number) => trainer.fit(data, { steps, batchSize: ROWS });
  await fitTo(2000);
  const tensors = tf.memory().numTensors;
  const before = await resident();
  await fitTo(12_000);
  expect(tf.memory().numTensors).toBe(tensors);
  // 1 KiB a step would be 10.
  expect((await resident()) - before).toBeLessThan(10);
});

it("stays flat over 300 trainers", async () => {
  const cycle = async (): Promise<void> => {
    await using trainer = await start({ engine: engine() });
    await trainer.fit(data, { steps: 1, batchSize: ROWS });
  };
  for (let i = 0; i < 50; i++) await cycle();
  const tensors = tf.memory().numTensors;
  const before = await resident();
  for (let i = 0; i < 300; i++) await cycle();
  expect(tf.memory().numTensors).toBe(tensors);
  // A session that is not released holds more than 100 KiB, a trainer's memory 64: 300 of either would be 19 at least.
  expect((await resident()) - before).toBeLessThan(15);
});
