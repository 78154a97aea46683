/**
 * Steps of one case in a process of its own: node memory-child.js CASE
 *
 * Prints one line of JSON, a `MemoryFound`.
 */
import { sharedBottom } from "@polytask/arch-shared-bottom";
import { binary, CONTRACT, createTrainer, input, seededRandom } from "@polytask/core";
import { adam } from "@polytask/optimizers";
import { pcgrad } from "@polytask/surgery-pcgrad";
import { makeEngine } from "./engines.ts";
import type { MemoryCase, MemoryFound } from "./memory.ts";
import { median } from "./measure.ts";

const {
  engine,
  width,
  hidden,
  tasks: count,
  batch,
  memory,
  threads,
  steps,
} = JSON.parse(process.argv[2]) as MemoryCase;
const names = Array.from({ length: count }, (_, k) => `task${k}`);
const random = seededRandom(1)("data");
const inputs = Float32Array.from({ length: batch * width }, () => random.normal());
const labels = Object.fromEntries(
  names.map((name) => [name, Array.from({ length: batch }, () => random.integer(2))]),
);
const times: number[] = [];
const { parts, compilation } = await makeEngine(engine, threads, memory);
const trainer = await createTrainer(Object.fromEntries(names.map((name) => [name, binary()])), {
  encoder: input([width]),
  architecture: sharedBottom({ hidden, towers: [16] }),
  surgery: pcgrad(),
  optimizer: adam({ learningRate: 1e-4 }),
  ...parts,
  observers: [
    {
      kind: "observer",
      name: "stopwatch",
      contract: CONTRACT,
      create: () => ({ step: ({ milliseconds }) => void times.push(milliseconds) }),
    },
  ],
});
await trainer.fit({ inputs, labels }, { steps, batchSize: batch, shuffle: false });
const found: MemoryFound = {
  // The first step is compiled, the second one traced again.
  msMedian: median(times.slice(2)),
  peakMiB: process.resourceUsage().maxRSS / 1024,
  diagnostics: compilation()?.diagnostics ?? 0,
};
console.log(JSON.stringify(found));
// Thread pools may hold the process.
process.exit(0);
