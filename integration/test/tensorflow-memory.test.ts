/**
 * A thousand steps in TensorFlow, with XLA and without, with all gradients kept and without, leave the process as large as they found it, and as many tensors
 * of tfjs. POLYTASK_MEMORY_STEPS asks for another number.
 */
import { existsSync } from "node:fs";
import { mmoe } from "@polytask/arch-mmoe";
import { createTrainer, input, type Trainer } from "@polytask/core";
import { tensorflow, type TensorflowOptions } from "@polytask/engine-tensorflow";
import { adam } from "@polytask/optimizers";
import { pcgrad } from "@polytask/surgery-pcgrad";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { BATCH, data, type Names, tasks } from "./compositions.ts";

const library = process.env["POLYTASK_TENSORFLOW"];

/** Until then V8 compiles, allocators take their arenas and tfjs its first tensors. */
const WARM_UP = 500;
const STEPS = Number(process.env["POLYTASK_MEMORY_STEPS"] ?? 1000);
/** What garbage may lie about; one leaked gradient of the experts a step would be 75. */
const LIMIT_MIB = 30;

const isThere = library !== undefined && existsSync(library);

describe.skipIf(!isThere)(`${STEPS} steps in TensorFlow`, () => {
  it.each([
    ["plain functions", {}],
    ["plain functions, lean", { memory: "lean" }],
    ["XLA", { xla: true }],
  ] as const)(
    `grow the process by less than ${LIMIT_MIB} MiB, and keep no tensor: %s`,
    async (name, how) => {
      const { mebibytes, tensors } = await growth(how);
      console.log(`${name}: ${mebibytes.toFixed(1)} MiB`);
      expect(tensors).toBe(0);
      expect(mebibytes).toBeLessThan(LIMIT_MIB);
    },
  );
});

async function growth(
  how: TensorflowOptions,
): Promise<{ readonly mebibytes: number; readonly tensors: number }> {
  await using trainer = await createTrainer<Names>(tasks, {
    architecture: mmoe({ experts: 8, hidden: [64, 32], towers: [16] }),
    encoder: input([5]),
    surgery: pcgrad(),
    optimizer: adam({ learningRate: 1e-3 }),
    engine: tensorflow({ threads: 1, ...how }),
  });
  await train(trainer, WARM_UP);
  const before = { rss: process.memoryUsage.rss(), tensors: tf.memory().numTensors };
  await train(trainer, STEPS);
  const after = { rss: process.memoryUsage.rss(), tensors: tf.memory().numTensors };
  return {
    mebibytes: (after.rss - before.rss) / 2 ** 20,
    tensors: after.tensors - before.tensors,
  };
}

const train = async (trainer: Trainer<Names>, steps: number): Promise<void> => {
  await trainer.fit(data, { steps: trainer.step + steps, batchSize: BATCH });
};
