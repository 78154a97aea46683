import { badOption } from "@polytask/core";
import { badCall } from "./errors.ts";
import { type WasmMemory, webAssembly } from "./web-assembly.ts";

/**
 * One memory of a fixed size for all that a step keeps: parameters, gradients, J, optimizer slots.
 *
 * The kernels work on it in place, and ONNX Runtime reads and writes its views without copies. It never grows, since
 * growing detaches every view. Regions start at multiples of 64 bytes and hold zeros; they are not given back one by one,
 * the whole memory is garbage once the arena and its views are.
 */
export interface Arena {
  readonly buffer: ArrayBufferLike;
  /** What the SIMD kernels run on; undefined where the arena is a plain buffer. */
  readonly memory: WasmMemory | undefined;
  /** Bytes handed out so far, padding included. */
  readonly used: number;
  /** @throws POLYTASK_KERNEL where the rest is too small; so do the other two. */
  readonly float32: (count: number) => Float32Array;
  readonly float64: (count: number) => Float64Array;
  readonly int32: (count: number) => Int32Array;
}

const ALIGNMENT = 64;
const PAGE = 65_536;
/** One page short of 4 GiB: the address after a region's end must be one that 32 bits can hold. */
const MAX_PAGES = 65_535;

/** The bytes that a region of so many elements takes in an arena. */
export const regionBytes = (count: number, elementBytes: 4 | 8 = 4): number =>
  Math.ceil((count * elementBytes) / ALIGNMENT) * ALIGNMENT;

/**
 * Memory that threads share weighs nothing in V8's books, which then sees no reason to collect what trainers leave behind:
 * a buffer of the same size that is never touched, and so takes addresses alone, is what it sees instead.
 */
const weights = new WeakMap<ArrayBufferLike, ArrayBuffer>();

interface ArenaOptions {
  /** Whether the memory is one of WebAssembly. Default true where the host has it; false makes a plain buffer. */
  readonly wasm?: boolean;
  /** Whether other threads may read and write it: its buffer is a SharedArrayBuffer then. Default false. */
  readonly shared?: boolean;
}

/**
 * Makes an arena of at least `bytes` bytes; add up `regionBytes` to find them.
 *
 * @throws POLYTASK_OPTION for a size that is not a whole number from 0 to 4 GiB − 64 KiB, and for `wasm: true` where there
 * is no WebAssembly.
 */
export function createArena(bytes: number, options: ArenaOptions = {}): Arena {
  const { wasm = webAssembly !== undefined, shared = false } = options;
  const pages = Math.ceil(bytes / PAGE);
  if (!(Number.isInteger(bytes) && bytes >= 0 && pages <= MAX_PAGES)) {
    throw badOption("createArena", "bytes", "a whole number from 0 to 4 GiB − 64 KiB", bytes);
  }
  if (wasm && webAssembly === undefined) {
    throw badOption("createArena", "wasm", "false where there is no WebAssembly", wasm);
  }
  const memory =
    wasm && webAssembly
      ? new webAssembly.Memory({ initial: pages, maximum: pages, shared })
      : undefined;
  const buffer = memory?.buffer ?? new (shared ? SharedArrayBuffer : ArrayBuffer)(pages * PAGE);
  if (shared) weights.set(buffer, new ArrayBuffer(buffer.byteLength));
  let used = 0;

  const take = (count: number, elementBytes: 4 | 8): number => {
    const start = used;
    const end = start + regionBytes(count, elementBytes);
    if (!(Number.isInteger(count) && count >= 0 && end <= buffer.byteLength)) {
      throw badCall(
        "arena",
        `a region must be a whole number of elements within the ${buffer.byteLength - start} bytes left`,
        `${count} elements of ${elementBytes} bytes were asked for`,
      );
    }
    used = end;
    return start;
  };

  return {
    buffer,
    memory,
    get used() {
      return used;
    },
    float32: (count) => new Float32Array(buffer, take(count, 4), count),
    float64: (count) => new Float64Array(buffer, take(count, 8), count),
    int32: (count) => new Int32Array(buffer, take(count, 4), count),
  };
}
