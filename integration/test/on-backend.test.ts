/**
 * Steps on another backend of tfjs are those on cpu: each technique, and the quickstart's network. POLYTASK_TEST_BACKEND
 * names the backend, wasm by default; `.ci/backends` runs this on those that need more than npm.
 */
import { type BackendName, useBackend } from "@polytask/backend";
import { createTrainer, eager } from "@polytask/core";
import { adam } from "@polytask/optimizers";
import { compareWithRecord, type EngineTrial, recordSteps } from "@polytask/testkit";
import * as tf from "@tensorflow/tfjs";
import { beforeEach, describe, expect, it } from "vitest";
import {
  encoder,
  type FilmTask,
  methods,
  tasksFor,
} from "../../examples/quickstart/src/compare.ts";
import { loadFilms, take } from "../../examples/quickstart/src/data.ts";
import { BATCH, data, type Names, tasks } from "./compositions.ts";
import { techniques } from "./techniques.ts";

const backend = (process.env["POLYTASK_TEST_BACKEND"] ?? "wasm") as BackendName;
/** A software adapter takes a second for what others do in ten milliseconds. */
const slow = backend === "webgpu";
const steps = slow ? 10 : backend.startsWith("tensorflow") ? 1000 : 50;

/** Takes steps on cpu, then each of them again on the backend, from the same state. */
async function holdAgainstCpu<Name extends string>(trial: EngineTrial<Name>) {
  await useBackend("cpu");
  const record = await recordSteps(trial);
  await useBackend(backend);
  return compareWithRecord(trial, record);
}

describe(`on ${backend}`, () => {
  // Loads it, so that what it keeps for itself is not taken for a leak.
  beforeEach(async () => {
    await useBackend(backend);
    await tf.ones([1]).data();
  });

  it.each(techniques)("$title takes the steps it takes on cpu", async ({ parts }) => {
    const before = tf.memory().numTensors;
    const trial = { engine: () => eager<Names>(), tasks, parts, data, batchSize: BATCH, steps: 2 };
    expect((await holdAgainstCpu<Names>(trial)).gradients).toBeLessThan(1e-5);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("the quickstart's MMoE has the gradients it has on cpu", async () => {
    const { parts, ...trial } = await quickstart();
    const found = await holdAgainstCpu<FilmTask>({
      ...trial,
      engine: () => eager(),
      parts: () => parts,
      batchSize: slow ? 16 : 256,
      steps: 2,
    });
    expect(found.gradients).toBeLessThan(1e-5);
  });

  it(`the quickstart's MMoE trains for ${steps} steps and keeps nothing`, async () => {
    const { data, tasks, parts } = await quickstart();
    await using trainer = await createTrainer<FilmTask>(tasks, {
      ...parts,
      optimizer: adam({ learningRate: 1e-2 }),
      engine: eager(),
    });
    const fit = async (to: number): Promise<void> => {
      await trainer.fit([data], { steps: to, batchSize: slow ? 8 : 32 });
    };
    await fit(2);
    const [tensors, bytes] = [tf.memory().numTensors, tf.memory().numBytes];
    await fit(steps / 2);
    const half = process.memoryUsage.rss();
    await fit(steps);
    expect([tf.memory().numTensors, tf.memory().numBytes]).toEqual([tensors, bytes]);
    expect((process.memoryUsage.rss() - half) / 2 ** 20).toBeLessThan(100);
  });
});

async function quickstart() {
  const films = take(
    await loadFilms(),
    Array.from({ length: 600 }, (_, i) => 5 * i),
  );
  const data = { inputs: { ...films.inputs }, labels: { ...films.labels } };
  return {
    data,
    tasks: tasksFor(films),
    parts: { ...methods[2].parts(), encoder: await encoder.fit(data) },
  };
}
