/**
 * Every architecture with every weighting and every surgery: two tasks of different type, 30 % of the labels missing,
 * on both backends. Each run leaks nothing, moves every part's parameters, and is the same to the bit when it is
 * stopped, saved and taken up by another trainer.
 */
import { mmoe } from "@polytask/arch-mmoe";
import { ple } from "@polytask/arch-ple";
import { sharedBottom } from "@polytask/arch-shared-bottom";
import { softSharing } from "@polytask/arch-soft-sharing";
import { useBackend } from "@polytask/backend";
import {
  type ArchitecturePlugin,
  binary,
  createTrainer,
  equal,
  input,
  type Parts,
  regression,
  seededRandom,
  type SurgeryPlugin,
  type TrainerState,
  type WeightingPlugin,
} from "@polytask/core";
import { adam } from "@polytask/optimizers";
import { pcgrad } from "@polytask/surgery-pcgrad";
import { dwa } from "@polytask/weighting-dwa";
import { gradNorm } from "@polytask/weighting-gradnorm";
import { uncertainty } from "@polytask/weighting-uncertainty";
import * as tf from "@tensorflow/tfjs";
import { equalNorms } from "polytask-third-party-plugin";
import { beforeAll, describe, expect, it } from "vitest";

type Names = "click" | "price";

const architectures: Readonly<Record<string, () => ArchitecturePlugin<Names>>> = {
  "shared bottom": () => sharedBottom({ hidden: [6], towers: [4] }),
  "soft sharing": () => softSharing({ hidden: [6], towers: [4], strength: 1e-2 }),
  MMoE: () => mmoe({ experts: 3, hidden: [6], towers: { click: [4] }, dropout: 0.2 }),
  PLE: () => ple({ levels: 2, sharedExperts: 1, taskExperts: 1, hidden: [5], towers: [4] }),
};
const weightings: Readonly<Record<string, () => WeightingPlugin<Names>>> = {
  equal: () => equal(),
  uncertainty: () => uncertainty(),
  GradNorm: () => gradNorm(),
  DWA: () => dwa(),
};
const surgeries: Readonly<Record<string, (() => SurgeryPlugin<Names>) | undefined>> = {
  none: undefined,
  PCGrad: () => pcgrad(),
  "third party": () => equalNorms(),
};

const ROWS = 24;
const STEPS = 7;
const BATCH = 8;

const data = (() => {
  const random = seededRandom(3)("data");
  const inputs = Float32Array.from({ length: ROWS * 5 }, () => random.normal());
  const unless = (value: number): number | null => (random.uniform() < 0.3 ? null : value);
  return {
    inputs,
    labels: {
      click: Array.from({ length: ROWS }, (_, i) => unless(inputs[i * 5] > 0 ? 1 : 0)),
      price: Array.from({ length: ROWS }, (_, i) => unless(inputs[i * 5 + 1] + inputs[i * 5 + 2])),
    },
  };
})();

async function make(parts: Parts<Names>, seed = 0) {
  return createTrainer({ click: binary(), price: regression() }, parts, { seed });
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

const combinations = Object.entries(architectures).flatMap(([architecture, makeArchitecture]) =>
  Object.entries(weightings).flatMap(([weighting, makeWeighting]) =>
    Object.entries(surgeries).map(([surgery, makeSurgery]) => ({
      title: `${architecture} × ${weighting} × ${surgery}`,
      parts: (): Parts<Names> => ({
        architecture: makeArchitecture(),
        encoder: input([5]),
        weighting: makeWeighting(),
        optimizer: adam({ learningRate: 1e-2 }),
        ...(makeSurgery && { surgery: makeSurgery() }),
      }),
    })),
  ),
);

describe.each(["cpu", "wasm"] as const)("on %s", (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  }, 60_000);

  it.each(combinations)("$title", async ({ parts }) => {
    const before = tf.memory().numTensors;
    const whole = await run(parts);
    const values = Object.values(whole.variables).flatMap(({ values }) => Array.from(values));
    expect(values.every(Number.isFinite)).toBe(true);
    for (let after = 1; after < STEPS; after++) {
      expect(await interrupted(parts, after)).toEqual(whole);
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});
