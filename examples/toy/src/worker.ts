/** One run of the toy in a thread of its own: tfjs's cpu backend uses one core. */
import { parentPort, workerData } from "node:worker_threads";
import * as tf from "@tensorflow/tfjs";
import { run, type Run } from "./run.ts";

await tf.setBackend("cpu");
const end = await run(workerData as Run, (step) => parentPort?.postMessage({ step }));
parentPort?.postMessage({ end });
