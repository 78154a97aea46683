/**
 * Every architecture with every weighting and every surgery, run op by op on both backends, and compiled. Each run leaks
 * nothing, moves every part's parameters, and is the same to the bit when it is stopped, saved and taken up by another
 * trainer.
 */
import { useBackend } from "@polytask/backend";
import { createTrainer, eager, type Parts, type TrainerState } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { engine as compiled } from "./compiled-engine.ts";
import { BATCH, combinations, data, type Names, tasks } from "./compositions.ts";

const STEPS = 7;

async function make(parts: Parts<Names>, seed = 0) {
  return createTrainer(tasks, parts, { seed });
}

/** Three epochs of three steps: DWA's weights leave 1 in the third. */
async function run(parts: () => Parts<Names>): Promise<TrainerState> {
  await using trainer = await make(parts());
  await trainer.fit(data, { steps: STEPS, batchSize: BATCH });
  return await trainer.state();
}

async function interrupted(parts: () => Parts<Names>, after: number): Promise<TrainerState> {
  await using first = await make(parts());
  await first.fit(data, { steps: after, batchSize: BATCH });
  await using second = await make(parts(), 99);
  await second.restore(await first.state());
  await second.fit(data, { steps: STEPS, batchSize: BATCH });
  return await second.state();
}

const everyStep = Array.from({ length: STEPS - 1 }, (_, i) => i + 1);
const ways = [
  { way: "on cpu", backend: "cpu", engine: () => eager<Names>(), stops: everyStep },
  { way: "on wasm", backend: "wasm", engine: () => eager<Names>(), stops: everyStep },
  // Every trainer compiles its own step: one stop, in the second epoch.
  { way: "compiled", backend: "cpu", engine: () => compiled<Names>(), stops: [4] },
] as const;

describe.each(ways)("$way", ({ backend, engine, stops }) => {
  beforeAll(async () => {
    await useBackend(backend);
  }, 60_000);

  it.each(combinations)("$title", async ({ parts: others }) => {
    const parts = (): Parts<Names> => ({ ...others(), engine: engine() });
    const before = tf.memory().numTensors;
    const whole = await run(parts);
    const values = Object.values(whole.variables).flatMap(({ values }) => Array.from(values));
    expect(values.every(Number.isFinite)).toBe(true);
    for (const after of stops) {
      expect(await interrupted(parts, after)).toEqual(whole);
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});
