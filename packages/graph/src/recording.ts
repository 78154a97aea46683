import { frozenValue } from "./errors.ts";

/** One thing that traced code did with numbers of its own. */
export interface Entry {
  /** Whose code it was, and what it was doing. */
  readonly where: string;
  /** The op that was given the numbers. */
  readonly op: string;
  /** The numbers, or a digest of many. */
  readonly numbers: string;
}

/** All that a trace fixed, in order. Two traces of one step must agree, or a value was frozen that changes. */
export type Recording = readonly Entry[];

/** @throws POLYTASK_TRACE_FROZEN naming the first number that was another one at the earlier trace. */
export function compareRecordings(before: Recording, after: Recording): void {
  const length = Math.max(before.length, after.length);
  for (let i = 0; i < length; i++) {
    const [a, b] = [before.at(i), after.at(i)];
    if (a?.op === b?.op && a?.numbers === b?.numbers) continue;
    const { where, op } = (b ?? a) as Entry;
    throw frozenValue(where, op, a?.numbers, b?.numbers);
  }
}

/** Up to so many numbers are written out; beyond, a digest tells them apart. */
const SHOWN = 16;

/** Numbers as text. */
export function textOf(values: ArrayLike<number>): string {
  if (values.length <= SHOWN) return Array.from(values).join(", ");
  // FNV-1a over the float64 bits.
  const bits = new Uint32Array(Float64Array.from(values).buffer);
  let hash = 0x811c9dc5;
  for (const word of bits) hash = Math.imul(hash ^ word, 0x01000193);
  return `${values.length} numbers, digest ${(hash >>> 0).toString(16)}`;
}
