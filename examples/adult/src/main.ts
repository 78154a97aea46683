/**
 * UCI Adult: income, marital status and education of 48,842 people, with one MMoE.
 *
 *   --data DIR   a folder with adult.data and adult.test, plain or .gz; default: downloaded once into ~/.cache/polytask
 *   --seeds N    networks to train; default 3
 *   --epochs N   default 5
 *   --steps N    at most, per training
 *   --engine E   onnx, tensorflow, tensorflow-xla or eager; default: onnx
 *   --backend B  op by op on a tfjs backend: tensorflow-gpu, webgpu, tensorflow, wasm, cpu or auto
 */
import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chooseEngine, engineOptions } from "@polytask/example-engine";
import { progress } from "@polytask/observers";
import { fetchAdult, loadAdult } from "./data.ts";
import { type AdultTask, tasks, train } from "./train.ts";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    seeds: { type: "string", default: "3" },
    epochs: { type: "string", default: "5" },
    steps: { type: "string" },
    ...engineOptions,
  },
});
const budget = {
  epochs: Number(values.epochs),
  ...(values.steps !== undefined && { steps: Number(values.steps) }),
  batchSize: 512,
  learningRate: 1e-2,
};
/** Mean test AUC that one MMoE should reach. */
const bars: Readonly<Record<AdultTask, number>> = {
  income: 0.905,
  neverMarried: 0.96,
  education: 0.83,
};

const { engine, words } = await chooseEngine<AdultTask>(values);
console.log(words);
const adult =
  values.data === undefined
    ? await fetchAdult(join(homedir(), ".cache", "polytask", "adult"))
    : await loadAdult(values.data);

const start = performance.now();
const found = [];
for (let seed = 0; seed < Number(values.seeds); seed++) {
  console.log(`seed ${seed}`);
  found.push(await train(adult, seed, { ...budget, engine }, [progress({ interval: 10_000 })]));
}
const seconds = (performance.now() - start) / 1000;

console.log(
  `\nTest AUC, ${found.length} seeds, ${budget.epochs} epochs each, ${seconds.toFixed(0)} s\n`,
);
console.log("task          mean    bar    of each seed");
for (const task of Object.keys(tasks) as AdultTask[]) {
  const aucs = found.map((scores) => scores[task]);
  const mean = aucs.reduce((sum, value) => sum + value, 0) / aucs.length;
  const each = aucs.map((value) => value.toFixed(4)).join("  ");
  const verdict = mean >= bars[task] ? "" : "  MISSED";
  console.log(`${task.padEnd(13)} ${mean.toFixed(4)}  ${bars[task].toFixed(3)}  ${each}${verdict}`);
  if (mean < bars[task]) process.exitCode = 1;
}
