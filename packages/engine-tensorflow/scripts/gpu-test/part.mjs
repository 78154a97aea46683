// One part of the test: node part.mjs JOB, which prints what it found as a line of JSON.
import { spawnSync } from "node:child_process";
import { createTrainer } from "@polytask/core";
import { tensorflow } from "@polytask/engine-tensorflow";
import * as tf from "@tensorflow/tfjs";
import { makeCase } from "../../../../bench/dist/cases.js";
import { wholeDifferenceOf } from "../../../../bench/dist/check.js";
import { compose } from "../../../../bench/dist/composition.js";
import { median } from "../../../../bench/dist/measure.js";
import { ascendingPcgrad, keepGradient } from "../../../../bench/dist/probe.js";
import { countedEngine } from "./engine.mjs";

const job = JSON.parse(process.argv[2]);
const { device, xla } = job;
const parts = { gradients, flat, times };
await tf.setBackend("cpu");
console.log(JSON.stringify(await parts[job.part](job)));
// Thread pools may hold the process.
process.exit(0);

/** The greatest differences of losses and of gradients, relative, from the eager engine on tfjs's own CPU backend. */
async function gradients({ model, batch, memory }) {
  // With four tasks some conflict: else PCGrad's step is the sum.
  const c = { ...makeCase(model, batch), tasks: 4, hidden: [64, 32] };
  return wholeDifferenceOf(
    await oneStep(c, { engine: tensorflow({ device, xla, memory }) }),
    await oneStep(c, {}),
  );
}

async function oneStep(c, engine) {
  const { tasks, parts, data } = compose(c);
  const { surgery, ...others } = parts;
  const trainer = await createTrainer(tasks, {
    ...others,
    ...(surgery && { surgery: ascendingPcgrad() }),
    optimizer: keepGradient(),
    ...engine,
  });
  const { epochs } = await trainer.fit(data, { steps: 1, batchSize: c.batch, shuffle: false });
  const { tensors } = (await trainer.state()).engine;
  await trainer.dispose();
  return {
    losses: trainer.tasks.map((name) => epochs[0].losses[name]),
    gradients: Object.fromEntries(
      Object.entries(tensors).map(([name, { values }]) => [name, [...values]]),
    ),
  };
}

/** By how much the process, and what it has of the GPU's memory, grow after a warm-up of as many steps. */
async function flat({ steps, ...of }) {
  const { train } = await begin(of, tensorflow({ device, xla }));
  await train(steps);
  const before = { host: process.memoryUsage.rss() / 2 ** 20, device: deviceMiB() };
  await train(steps);
  return {
    hostMiB: process.memoryUsage.rss() / 2 ** 20 - before.host,
    deviceMiB: before.device === undefined ? undefined : deviceMiB() - before.device,
  };
}

/** Milliseconds of a step, and what crosses in one. */
async function times({ seconds, ...of }) {
  const { engine, counts } = countedEngine({ device, xla });
  const { train } = await begin(of, engine);
  const STEPS = 20;
  const firstMs = await train(1);
  await train(STEPS);
  const ms = [];
  for (const end = performance.now() + seconds * 1000; performance.now() < end;) {
    ms.push((await train(STEPS)) / STEPS);
  }
  // The end of `fit` reads parameters back: the difference of a long and a short one has none of that.
  const crossed = async (count) => {
    const before = { ...counts };
    await train(count);
    return Object.entries(counts).map(([name, value]) => [name, value - before[name]]);
  };
  const [short, long] = [await crossed(STEPS), await crossed(2 * STEPS)];
  return {
    msMedian: median(ms),
    msMin: Math.min(...ms),
    firstMs,
    ...Object.fromEntries(long.map(([name, value], i) => [name, (value - short[i][1]) / STEPS])),
  };
}

/** A trainer of the case; `train` answers with the milliseconds that so many steps took. */
async function begin({ model, batch }, engine) {
  const { tasks, parts, data } = compose(makeCase(model, batch));
  const trainer = await createTrainer(tasks, { ...parts, engine });
  const train = async (count) => {
    const began = performance.now();
    await trainer.fit(data, { steps: trainer.step + count, batchSize: batch, shuffle: false });
    return performance.now() - began;
  };
  return { train };
}

/** What this process has of the GPU's memory; undefined without one, and where containers hide who has what. */
function deviceMiB() {
  const query = ["--query-compute-apps=pid,used_memory", "--format=csv,noheader,nounits"];
  const { stdout } = spawnSync("nvidia-smi", query, { encoding: "utf8" });
  const line = stdout?.split("\n").find((text) => text.startsWith(`${process.pid},`));
  return line && Number(line.split(",")[1]);
}
