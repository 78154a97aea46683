/**
 * Our side of a benchmark, in a process of its own: node worker.js IMPLEMENTATION CASE THREADS [STATE]
 *
 * Speaks the peers' protocol: prints "ready", then answers a line to each of `check`, `run N`, `rss`, and of its own
 * `gradients` and `compile`.
 * Without a state, trainers start as their seed makes them.
 */
import { createInterface } from "node:readline";
import {
  CONTRACT,
  createTrainer,
  type FitOptions,
  type ObserverPlugin,
  type Trainer,
} from "@polytask/core";
import type { Case } from "./cases.ts";
import { type Composition, compose } from "./composition.ts";
import { type Engine, makeEngine } from "./engines.ts";
import { asStateTensors, stackTasks, withStart } from "./layout.ts";
import { ascendingPcgrad, keepGradient } from "./probe.ts";
import { type StartState, readState } from "./state.ts";
import { type Check, summarise, type WholeCheck } from "./check.ts";

const [implementation, text, threads, prefix] = process.argv.slice(2);
const benchCase = JSON.parse(text) as Case;
const start = prefix === undefined ? undefined : await readState(prefix);
const composition = compose(benchCase, start);
const engine = await makeEngine(implementation, Number(threads));
let training: { readonly trainer: Trainer<string>; readonly watch: Stopwatch } | undefined;

const answers: Readonly<Record<string, (argument: number) => Promise<unknown>>> = {
  check: async () => summarised(await check(composition, engine, start)),
  gradients: async () => listed(await check(composition, engine, start)),
  run: async (steps) => {
    training ??= await startTraining();
    const { trainer, watch } = training;
    await trainer.fit(composition.data, fitOptions(trainer, steps));
    return watch.milliseconds() / steps;
  },
  rss: async () => process.resourceUsage().maxRSS / 1024,
  compile: async () => engine.compilation() ?? null,
};

console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  const [command, argument] = line.split(" ");
  console.log(JSON.stringify(await answers[command](Number(argument))));
}
// Thread pools may hold the process.
process.exit(0);

async function startTraining(): Promise<NonNullable<typeof training>> {
  const watch = stopwatch();
  const parts = { ...composition.parts, observers: [watch.plugin], ...engine.parts };
  return { watch, trainer: await begin(composition, parts) };
}

/** Losses and whole gradients of one step. */
interface Checked {
  readonly losses: readonly number[];
  readonly gradients: Readonly<Record<string, Float32Array>>;
}

/** By an optimizer that keeps gradients and moves nothing. */
async function check(
  composition: Composition,
  engine: Engine,
  start: StartState | undefined,
): Promise<Checked> {
  const { surgery, ...others } = composition.parts;
  const trainer = await begin(composition, {
    ...others,
    ...(surgery && { surgery: ascendingPcgrad() }),
    optimizer: keepGradient(),
    ...engine.parts,
  });
  const { epochs } = await trainer.fit(composition.data, fitOptions(trainer, 1));
  const { tensors } = (await trainer.state()).engine;
  await trainer.dispose();
  const gradientOf = (variable: string): Float32Array => tensors[`${variable}/gradient`].values;
  const gradients = start
    ? asStateTensors(gradientOf, benchCase)
    : stackTasks(Object.entries(tensors).map(([name, { values }]) => [name, values]));
  return { losses: trainer.tasks.map((name) => epochs[0].losses[name] ?? NaN), gradients };
}

function summarised({ losses, gradients }: Checked): Check {
  return { losses, gradients: mapValues(gradients, summarise) };
}

function listed({ losses, gradients }: Checked): WholeCheck {
  return { losses, gradients: mapValues(gradients, (values) => [...values]) };
}

function mapValues<Value, Result>(
  record: Readonly<Record<string, Value>>,
  map: (value: Value) => Result,
): Record<string, Result> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}

async function begin(
  { tasks }: Composition,
  parts: Parameters<typeof createTrainer>[1],
): Promise<Trainer<string>> {
  const trainer = await createTrainer(tasks, parts);
  if (start) await trainer.restore(withStart(await trainer.state(), start, benchCase));
  return trainer;
}

function fitOptions({ step }: Trainer<string>, steps: number): FitOptions {
  return { steps: step + steps, batchSize: benchCase.batch, shuffle: false };
}

interface Stopwatch {
  readonly plugin: ObserverPlugin;
  readonly milliseconds: () => number;
}

/** Times the steps of a `fit`, and not the reading of its data, which peers do once. */
function stopwatch(): Stopwatch {
  let started = 0;
  let ended = 0;
  return {
    plugin: {
      kind: "observer",
      name: "stopwatch",
      contract: CONTRACT,
      create: () => ({
        start: () => {
          started = performance.now();
        },
        end: () => {
          ended = performance.now();
        },
      }),
    },
    milliseconds: () => ended - started,
  };
}
