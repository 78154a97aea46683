/**
 * The two-task toy of CAGrad, Nash-MTL and FAMO: two numbers, two conflicting losses, no network.
 *
 * Trains them from three starts, once on the plain sum of the losses and once with PCGrad, and compares the ends.
 *
 *   --full       100 000 steps, against the known ends
 *   --steps N    another length, against a float64 implementation; default 500
 *   --workers N  threads; default one per core
 *   --engine E   onnx, tensorflow, tensorflow-xla or eager; default: onnx
 *   --backend B  op by op on a tfjs backend: tensorflow-gpu, webgpu, tensorflow, wasm, cpu or auto
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { engineOptions, nameOf } from "@polytask/example-engine";
import { expectation, FULL, reached } from "./expect.ts";
import { type Point, STARTS } from "./problem.ts";
import type { Run } from "./run.ts";

const { values } = parseArgs({
  options: {
    full: { type: "boolean", default: false },
    steps: { type: "string", default: "500" },
    workers: { type: "string", default: String(availableParallelism()) },
    ...engineOptions,
  },
});
const steps = values.full ? FULL : Number(values.steps);
const { engine, backend } = values;
const runs = (["sum", "pcgrad"] as const).flatMap((method) =>
  STARTS.map((start): Run => ({ method, start, steps, engine, backend })),
);
console.log(`Engine: ${[nameOf(values), backend].filter(Boolean).join(", on ")}`);

const begun = performance.now();
const seconds = (): string => ((performance.now() - begun) / 1000).toFixed(0);
const ends = new Map<Run, Point>();
const waiting = [...runs];
const work = async (): Promise<void> => {
  for (let next = waiting.shift(); next; next = waiting.shift())
    ends.set(next, await inThread(next));
};
await Promise.all(Array.from({ length: Number(values.workers) }, work));

console.log(`\n${steps} steps of Adam, 1e-3; ${seconds()} s\n`);
console.log("method  start           end               expected          difference");
let misses = 0;
for (const run of runs) {
  const end = ends.get(run) ?? [NaN, NaN];
  const expected = expectation(run);
  const good = reached(end, expected);
  if (!good) misses++;
  const difference = Math.max(...end.map((x, k) => Math.abs(x - expected.end[k]))).toFixed(3);
  const band = expected.band?.map((x) => x.toFixed(2)).join(" to ");
  console.log(
    [
      run.method.padEnd(6),
      show(run.start, 1).padEnd(14),
      show(end, 3).padEnd(16),
      show(expected.end, 3).padEnd(16),
      difference + (good ? "" : "  MISSED") + (band ? `  (chaotic: x₁ from ${band})` : ""),
    ].join("  "),
  );
}
process.exitCode = misses === 0 ? 0 : 1;

function show(point: Point, digits: number): string {
  return `(${point.map((x) => x.toFixed(digits)).join(", ")})`;
}

function inThread(run: Run): Promise<Point> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData: run });
    worker.on("error", reject);
    worker.on("message", ({ step, end }: { step?: number; end?: Point }) => {
      if (end) resolve(end);
      else if (step !== undefined && (step % 10_000 === 0 || step === run.steps)) {
        console.log(`${run.method} from ${show(run.start, 1)}: step ${step}, ${seconds()} s`);
      }
    });
  });
}
