/** One run of the toy in a thread of its own: a step is too small for more than one core. */
import { parentPort, workerData } from "node:worker_threads";
import { type BackendName, useBackend } from "@polytask/backend";
import { eager } from "@polytask/core";
import { onnx } from "@polytask/engine-onnx";
import type { ToyTask } from "./architecture.ts";
import { run, type Run } from "./run.ts";

const { backend, ...asked } = workerData as Run;
await useBackend((backend ?? "cpu") as BackendName);
const engine = backend === undefined ? onnx<ToyTask>({ threads: 1 }) : eager<ToyTask>();
const end = await run(asked, engine, (step) => parentPort?.postMessage({ step }));
parentPort?.postMessage({ end });
