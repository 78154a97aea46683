/** The worker thread: answers one question after another. */
import { parentPort, workerData } from "node:worker_threads";
import { throughGate } from "./exit-guard.ts";
import { faultOf } from "./faults.ts";
import type { Answer, Question, WorkerStart } from "./protocol.ts";
import { serve } from "./serve.ts";

const port = parentPort;
if (port === null) throw new Error("worker.js is started by the engine, as a worker thread");

const { options, gate } = workerData as WorkerStart;
const served = throughGate(gate, () => serve(options));

async function answer(id: number, done: Promise<unknown>): Promise<void> {
  try {
    await done;
    port?.postMessage({ id } satisfies Answer);
  } catch (error) {
    port?.postMessage({ id, fault: faultOf(error) } satisfies Answer);
  }
}

let last = answer(0, served);
port.on("message", ({ id, request }: Question) => {
  last = last.then(() =>
    answer(
      id,
      served.then((perform) => throughGate(gate, () => perform(request))),
    ),
  );
  if (request.kind === "close") void last.then(() => port.close());
});
