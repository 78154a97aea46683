/* eslint-disable no-restricted-properties -- this is where the restriction is enforced */
import * as tf from "@tensorflow/tfjs";
import { demand } from "./law.ts";

/**
 * Throws where `Math.random` is called while `fn` runs, also by tfjs on the part's behalf (`tf.randomNormal` without a
 * seed calls it).
 */
export async function withoutMathRandom<Result>(fn: () => Promise<Result>): Promise<Result> {
  const original = Math.random;
  let caller: string | undefined;
  Math.random = () => {
    const frame = new Error().stack?.split("\n")[2]?.trim() ?? "unknown";
    // A test runner may draw an id of its own while `fn` waits.
    if (!/vitest|birpc|tinypool/.test(frame)) caller ??= frame;
    return original();
  };
  try {
    const result = await fn();
    demand(
      caller === undefined,
      "randomness must come from scope.random or pass.noise",
      () => `Math.random was called ${caller}`,
    );
    return result;
  } finally {
    Math.random = original;
  }
}

const readers = [
  "data",
  "dataSync",
  "array",
  "arraySync",
  "buffer",
  "bufferSync",
  "bytes",
] as const;

/** Throws where the synchronous `fn` reads the value of a tensor. */
export function withoutReads<Result>(fn: () => Result): Result {
  const prototype = tf.Tensor.prototype as unknown as Record<string, unknown>;
  const originals = readers.map((name) => prototype[name]);
  let read: string | undefined;
  readers.forEach((name, i) => {
    prototype[name] = function (this: unknown, ...rest: unknown[]): unknown {
      read ??= name;
      return (originals[i] as (...args: unknown[]) => unknown).apply(this, rest);
    };
  });
  try {
    const result = fn();
    demand(
      read === undefined,
      "traced code must not read a tensor's value",
      () => `it called ${read}()`,
    );
    return result;
  } finally {
    readers.forEach((name, i) => {
      prototype[name] = originals[i];
    });
  }
}
