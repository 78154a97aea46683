import type * as koffi from "koffi";

/** Does something during which this thread, and threads that are begun meanwhile, handle no signals. */
export type Uninterrupted = <Result>(work: () => Result) => Result;

/** SIG_BLOCK and SIG_SETMASK, and what is never held up: signals by which the processor reports a fault. */
const SYSTEMS: Readonly<
  Record<
    string,
    { readonly block: number; readonly set: number; readonly faults: readonly number[] }
  >
> = {
  linux: { block: 0, set: 2, faults: [4, 5, 6, 7, 8, 11] },
  darwin: { block: 1, set: 3, faults: [4, 5, 6, 8, 10, 11] },
};

/** The size of a set of signals, or more. */
const BYTES = 128;

/**
 * Keeps signals away from TensorFlow. oneDNN's product of matrices for AVX-512, through which XLA of TensorFlow 2.21.0
 * multiplies, writes over the heap where a handler runs on the thread that it computes on: a Ctrl-C
 * that is caught, a child that ends, a profiler. Held up they are handled by another thread, or as soon as the call is over.
 */
export function uninterrupted({ load }: Pick<typeof koffi, "load">): Uninterrupted {
  const system = Object.hasOwn(SYSTEMS, process.platform) ? SYSTEMS[process.platform] : undefined;
  if (!system) return (work) => work();
  const { block, set, faults } = system;
  const mask = load(null).func("int pthread_sigmask(int, const uint8_t *, uint8_t *)") as (
    how: number,
    set: Uint8Array,
    old: Uint8Array | null,
  ) => number;
  const all = new Uint8Array(BYTES).fill(0xff);
  for (const signal of faults) all[(signal - 1) >> 3] &= ~(1 << ((signal - 1) & 7));
  return (work) => {
    const before = new Uint8Array(BYTES);
    mask(block, all, before);
    try {
      return work();
    } finally {
      mask(set, before, null);
    }
  };
}
