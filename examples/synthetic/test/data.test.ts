import { describe, expect, it } from "vitest";
import { synthetic } from "../src/data.ts";

/** Mean over seeds of the correlation between the two labels; single seeds spread by about 0.12. */
function meanCorrelation(p: number, seeds: number, sizes: { rows: number; d: number }): number {
  let sum = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const { first, second } = synthetic({ p, seed, ...sizes }).labels;
    sum += correlation(first, second);
  }
  return sum / seeds;
}

function correlation(first: Float32Array, second: Float32Array): number {
  const [a, b] = [first, second].map((y) => {
    const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
    return y.map((value) => value - mean);
  });
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, k) => sum + value * b[k], 0);
}

describe("synthetic", () => {
  // Reference values at c 1, m 10, d 512. Labels see x only through two directions, so that a small
  // d has the same distribution and allows many seeds.
  it.each([
    [1, 0.99],
    [0.9, 0.79],
    [0.8, 0.64],
    [0.5, 0.33],
    [0, 0],
  ])("gives labels of the known correlation for p = %f", (p, expected) => {
    expect(Math.abs(meanCorrelation(p, 300, { rows: 300, d: 2 }) - expected)).toBeLessThan(0.02);
  });

  it("does so at the full length of 512, within the error of 30 seeds", () => {
    expect(Math.abs(meanCorrelation(0.5, 30, { rows: 200, d: 512 }) - 0.33)).toBeLessThan(0.08);
  });

  it("is a function of its seed, and fewer rows are a prefix of more", () => {
    const [once, again] = [1, 2].map(() => synthetic({ p: 0.5, seed: 7, rows: 20, d: 8 }));
    const other = synthetic({ p: 0.5, seed: 8, rows: 20, d: 8 });
    const fewer = synthetic({ p: 0.5, seed: 7, rows: 5, d: 8 });
    expect(again).toEqual(once);
    expect(other.labels.first).not.toEqual(once.labels.first);
    expect(fewer.inputs).toEqual(once.inputs.slice(0, 40));
    expect(fewer.labels.second).toEqual(once.labels.second.slice(0, 5));
  });

  it("refuses values that make no problem", () => {
    expect(() => synthetic({ p: 1.1, seed: 1, rows: 1 })).toThrow(/p must be in \[-1, 1\]/);
    expect(() => synthetic({ p: 0, seed: 1, rows: 0 })).toThrow(/rows must be/);
    expect(() => synthetic({ p: 0, seed: 1, rows: 1, d: 1 })).toThrow(/d must be/);
  });
});
