/**
 * The MMoE paper's synthetic data: how much does a network suffer when its two tasks are less related?
 *
 * Shared bottom against MMoE for p = 0.5, 0.9 and 1 (p is the cosine between the tasks' weights), the same problems,
 * network sizes and budget for both.
 *
 *   --seeds N    problems per p; default 3
 *   --epochs N   default 10
 *   --steps N    at most, per training
 *   --engine E   onnx, tensorflow, tensorflow-xla or eager; default: onnx
 *   --backend B  op by op on a tfjs backend: tensorflow-gpu, webgpu, tensorflow, wasm, cpu or auto
 */
import { parseArgs } from "node:util";
import { chooseEngine, engineOptions } from "@polytask/example-engine";
import {
  type Budget,
  finalLoss,
  type NetworkName,
  networks,
  type SyntheticTask,
} from "./compare.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "3" },
    epochs: { type: "string", default: "10" },
    steps: { type: "string" },
    ...engineOptions,
  },
});
const seeds = Array.from({ length: Number(values.seeds) }, (_, seed) => seed);
const budget: Budget = {
  rows: 10_000,
  heldOut: 2_000,
  epochs: Number(values.epochs),
  ...(values.steps !== undefined && { steps: Number(values.steps) }),
  batchSize: 256,
  learningRate: 1e-2,
};

const { engine, words } = await chooseEngine<SyntheticTask>(values);
console.log(words);
console.log(
  `${budget.rows} examples, ${budget.epochs} epochs in batches of ${budget.batchSize}, Adam ${budget.learningRate}, ` +
    `${seeds.length} problems per p`,
);
const start = performance.now();
const lines = [["p", ...Object.keys(networks), "MMoE better in"]];
for (const p of [0.5, 0.9, 1]) {
  const losses: Record<NetworkName, number[]> = { "shared bottom": [], MMoE: [] };
  for (const seed of seeds) {
    for (const name of Object.keys(networks) as NetworkName[]) {
      losses[name].push(await finalLoss(name, { p, seed }, { ...budget, engine }));
    }
  }
  const better = seeds.filter((i) => losses.MMoE[i] < losses["shared bottom"][i]).length;
  const cells = [
    spread(losses["shared bottom"]),
    spread(losses.MMoE),
    `${better} of ${seeds.length}`,
  ];
  lines.push([String(p), ...cells]);
  console.log(`p = ${p}: ${((performance.now() - start) / 1000).toFixed(0)} s`);
}
console.log(
  "\nHeld-out squared error, mean of both tasks; mean ± standard deviation over the problems.\n",
);
for (const line of lines)
  console.log(
    line
      .map((cell) => cell.padEnd(16))
      .join("")
      .trimEnd(),
  );

function spread(values: readonly number[]): string {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / Math.max(1, values.length - 1));
  return `${mean.toFixed(3)} ± ${deviation.toFixed(3)}`;
}
