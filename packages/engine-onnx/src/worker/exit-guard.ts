/**
 * A process that ends stops its threads wherever they are. One that is inside ONNX Runtime then takes the process down with
 * an abort (`Napi::Error`, status 134), so an exit waits for the question in hand; no other is begun.
 */

const IDLE = 0;
const BUSY = 1;
const CLOSED = 2;

/** A question may be a long one (the compilation of a large graph); after this an abort is the lesser evil. */
const PATIENCE_MS = 10_000;

/** What the two threads share: one of the three words above. */
export type Gate = Int32Array<SharedArrayBuffer>;

export const createGate = (): Gate => new Int32Array(new SharedArrayBuffer(4));

/** In the worker: does one thing, unless the process has begun to end; then it never resolves. */
export async function throughGate<Result>(
  gate: Gate,
  work: () => Promise<Result>,
): Promise<Result> {
  if (Atomics.compareExchange(gate, 0, IDLE, BUSY) === CLOSED) return new Promise(() => {});
  try {
    return await work();
  } finally {
    Atomics.store(gate, 0, IDLE);
    Atomics.notify(gate, 0);
  }
}

function shut(gate: Gate): void {
  const until = performance.now() + PATIENCE_MS;
  while (Atomics.compareExchange(gate, 0, IDLE, CLOSED) === BUSY) {
    const left = until - performance.now();
    if (left <= 0 || Atomics.wait(gate, 0, BUSY, left) === "timed-out") return;
  }
}

const guarded = new Set<Gate>();
const shutAll = (): void => guarded.forEach(shut);

/** In the trainer's thread: makes an exit of the process wait for this worker, until the returned function is called. */
export function guardExit(gate: Gate): () => void {
  // One listener however many workers: Node warns of more than ten.
  if (guarded.size === 0) process.on("exit", shutAll);
  guarded.add(gate);
  return () => {
    guarded.delete(gate);
    if (guarded.size === 0) process.off("exit", shutAll);
  };
}
