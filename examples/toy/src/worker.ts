/** One run of the toy in a thread of its own: a step is too small for more than one core. */
import { parentPort, workerData } from "node:worker_threads";
import { chooseEngine } from "@polytask/example-engine";
import type { ToyTask } from "./architecture.ts";
import { run, type Run } from "./run.ts";

const asked = workerData as Run;
const { engine } = await chooseEngine<ToyTask>(asked, { threads: 1 });
const end = await run(asked, engine, (step) => parentPort?.postMessage({ step }));
parentPort?.postMessage({ end });
