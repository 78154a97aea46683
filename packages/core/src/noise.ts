import type { Random } from "./random.ts";

/** A step's noise; 24 random bits, since a float64 just below 1 would round to 1 in float32. */
export function drawNoise(random: Random, size: number, law: "uniform" | "normal"): Float32Array {
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    values[i] = law === "normal" ? random.normal() : random.integer(2 ** 24) / 2 ** 24;
  }
  return values;
}
