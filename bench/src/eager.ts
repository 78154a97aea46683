/**
 * Milliseconds of one training step of the eager engine: what each part adds, on wasm and on cpu.
 *
 * Rounds of all cases in turn, since these machines are shared: read the ratios of medians, not single times.
 */
import { mmoe } from "@polytask/arch-mmoe";
import { sharedBottom } from "@polytask/arch-shared-bottom";
import { useBackend } from "@polytask/backend";
import { binary, createTrainer, input, type Parts, seededRandom } from "@polytask/core";
import { adam } from "@polytask/optimizers";
import { pcgrad } from "@polytask/surgery-pcgrad";
import { median } from "./measure.ts";

const WIDTH = 128;
const BATCH = 256;
const STEPS = 8;
const ROUNDS = 7;

type Names = "first" | "second";

const towers = [16];
const cases: Readonly<Record<string, () => Omit<Parts<Names>, "encoder" | "optimizer">>> = {
  "shared bottom, sum": () => ({ architecture: sharedBottom({ hidden: [64, 32], towers }) }),
  "shared bottom, PCGrad": () => ({
    architecture: sharedBottom({ hidden: [64, 32], towers }),
    surgery: pcgrad(),
  }),
  "MMoE of 8, sum": () => ({ architecture: mmoe({ experts: 8, hidden: [64, 32], towers }) }),
  "MMoE of 8, PCGrad": () => ({
    architecture: mmoe({ experts: 8, hidden: [64, 32], towers }),
    surgery: pcgrad(),
  }),
};

export async function eagerSteps(): Promise<void> {
  const random = seededRandom(1)("data");
  const inputs = Float32Array.from({ length: BATCH * WIDTH }, () => random.normal());
  const label = (column: number): number[] =>
    Array.from({ length: BATCH }, (_, i) => Number(inputs[i * WIDTH + column] > 0));
  const data = { inputs, labels: { first: label(0), second: label(1) } };

  console.log(`batch ${BATCH}, ${WIDTH} inputs, ${STEPS} steps a round, ${ROUNDS} rounds\n`);
  for (const backend of ["wasm", "cpu"] as const) {
    await useBackend(backend);
    const trainers = await Promise.all(
      Object.entries(cases).map(async ([name, parts]) => ({
        name,
        times: [] as number[],
        trainer: await createTrainer(
          { first: binary(), second: binary() },
          { ...parts(), encoder: input([WIDTH]), optimizer: adam() },
        ),
      })),
    );
    // The first round warms up: slots are made, code is compiled.
    for (let round = 0; round <= ROUNDS; round++) {
      for (const { trainer, times } of trainers) {
        const start = performance.now();
        await trainer.fit(data, { steps: trainer.step + STEPS, batchSize: BATCH });
        if (round > 0) times.push((performance.now() - start) / STEPS);
      }
    }
    const [base] = trainers;
    for (const { name, times } of trainers) {
      const ratio = (median(times) / median(base.times)).toFixed(2);
      console.log(
        `${backend.padEnd(5)} ${name.padEnd(24)} ${median(times).toFixed(1).padStart(8)} ms median ` +
          `${Math.min(...times)
            .toFixed(1)
            .padStart(8)} ms least  × ${ratio}`,
      );
    }
    for (const { trainer } of trainers) await trainer.dispose();
  }
}
