import type { Node } from "@polytask/graph";
import { evaluate } from "../evaluate.ts";

/** Memories full of numbers that look random; the same for the same name. */
function memory(space: string): Float32Array | Uint8Array {
  const known = memories.get(space);
  if (known) return known;
  const size = space === "parameters" ? 300_000 : 40_000;
  const numbers =
    space === "masks" || space === "labels"
      ? Uint8Array.from({ length: size }, (_, i) => Number(Math.sin(i * 78.233 + 1) > 0))
      : Float32Array.from({ length: size }, (_, i) => Math.sin((i + 1) * 12.9898) * 0.4);
  const values = space === "labels" ? Float32Array.from(numbers) : numbers;
  memories.set(space, values);
  return values;
}

const memories = new Map<string, Float32Array | Uint8Array>();

/** The largest difference between two lists of values, each against the largest number in its value. */
export async function apart(found: readonly Node[], expected: readonly Node[]): Promise<number> {
  const [a, b] = [await evaluate(found, memory), await evaluate(expected, memory)];
  let worst = 0;
  expected.forEach(({ shape }, k) => {
    if (found[k].shape.join() !== shape.join()) worst = Infinity;
    const [got, wanted] = [Array.from(a[k]), Array.from(b[k])];
    const scale = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
    wanted.forEach((value, i) => {
      worst = Math.max(worst, Math.abs(got[i] - value) / scale);
    });
  });
  return Number.isNaN(worst) ? Infinity : worst;
}
