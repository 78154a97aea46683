import { Worker } from "node:worker_threads";
import { messageOf } from "../session/errors.ts";
import type { SessionOptions } from "../session/session.ts";
import { errorOf, workerEnded } from "./errors.ts";
import { createGate, guardExit } from "./exit-guard.ts";
import type { Answer, Question, Request, WorkerStart } from "./protocol.ts";

/** The worker as the trainer's thread sees it. It keeps the process alive while it owes an answer, and no longer. */
export interface Thread {
  /** @throws POLYTASK_ONNX_WORKER where the worker has ended, or ends before it answers; else what it met. */
  readonly ask: (request: Request) => Promise<void>;
  readonly alive: () => boolean;
  /** Lets the worker end when it has answered everything; resolves when it has. */
  readonly close: () => Promise<void>;
}

/** @throws POLYTASK_ONNX_RUNTIME, POLYTASK_ONNX_PROVIDER */
export async function startThread(options: SessionOptions): Promise<Thread> {
  const gate = createGate();
  const worker = new Worker(new URL("./worker.js", import.meta.url), {
    name: "polytask",
    workerData: { options, gate } satisfies WorkerStart,
    // Threads inherit the process's flags; this one is about a program on the command line, and refuses a file.
    ...(process.execArgv.some((flag) => flag.startsWith("--input-type")) && { execArgv: [] }),
  });
  const unguard = guardExit(gate);
  const waiting = new Map<number, (error?: Error) => void>();
  let cause: unknown;
  let ended: Error | undefined;
  let closing = false;

  const answered = (id: number): Promise<void> =>
    new Promise((resolve, reject) => {
      waiting.set(id, (error) => {
        if (error) reject(error);
        else resolve();
      });
      worker.ref();
    });
  worker.on("message", ({ id, fault }: Answer) => {
    const settle = waiting.get(id);
    waiting.delete(id);
    if (waiting.size === 0 && !closing) worker.unref();
    settle?.(fault && errorOf(fault));
  });
  worker.on("error", (error) => {
    cause = error;
  });
  const exited = new Promise<void>((resolve) => {
    worker.on("exit", () => {
      unguard();
      ended = workerEnded(
        cause === undefined ? "it was ended from outside" : `it ended: ${messageOf(cause)}`,
        cause,
      );
      for (const settle of waiting.values()) settle(ended);
      waiting.clear();
      resolve();
    });
  });

  const ready = 0;
  let last = ready;
  const ask = (request: Request): Promise<void> => {
    if (ended) return Promise.reject(ended);
    const id = ++last;
    worker.postMessage({ id, request } satisfies Question);
    return answered(id);
  };
  const close = async (): Promise<void> => {
    closing = true;
    if (!ended) await ask({ kind: "close" }).catch(() => undefined);
    await exited;
  };
  try {
    await answered(ready);
  } catch (error) {
    await close();
    throw error;
  }
  return { ask, alive: () => ended === undefined, close };
}
