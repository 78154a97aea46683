import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Kernels } from "../../src/kernels/index.ts";
import { anyFloat, implementations, normals, put, skips, vectors } from "./support.ts";

/** Runs an operation on copies of the vectors in all implementations; gives the copies afterwards. */
function onAll(
  inputs: readonly Float32Array[],
  skip: number,
  run: (kernels: Kernels, views: Float32Array[]) => void,
): number[][][] {
  return implementations(inputs.length * 1024 + 65_536).map((kernels) => {
    const views = inputs.map((values, i) => put(kernels.arena, values, (skip + i) % 4));
    run(kernels, views);
    return views.map((view) => Array.from(view));
  });
}

describe("all implementations give the same bits", () => {
  it.each<[string, (kernels: Kernels, [x, y]: Float32Array[], a: number) => void]>([
    ["axpy", (kernels, [x, y], a) => kernels.axpy(a, x, y)],
    ["scale", (kernels, [x], a) => kernels.scale(x, a)],
    ["fill", (kernels, [x], a) => kernels.fill(x, a)],
    // A limit is a number: options refuse NaN.
    ["clipValue", (kernels, [x], a) => kernels.clipValue(x, Math.abs(a) || 0)],
  ])("%s", (_name, run) => {
    fc.assert(
      fc.property(vectors(2), anyFloat(), skips(), (inputs, a, skip) => {
        const [compiled, ...twins] = onAll(inputs, skip, (kernels, views) =>
          run(kernels, views, a),
        );
        for (const twin of twins) expect(twin).toEqual(compiled);
      }),
    );
  });

  it("combine, for any number of rows and columns", () => {
    const shape = fc.record({ rows: fc.nat(40), columns: fc.nat(1500), seed: fc.nat() });
    fc.assert(
      fc.property(shape, fc.constantFrom("set", "add"), ({ rows, columns, seed }, mode) => {
        const inputs = [
          normals(seed, rows * columns),
          normals(seed + 1, rows),
          normals(2, columns),
        ];
        const [compiled, ...twins] = implementations(1 << 20).map((kernels) => {
          const [j, weights, out] = inputs.map((values) => put(kernels.arena, values, seed % 4));
          kernels.combine(j, weights, out, mode);
          return Array.from(out);
        });
        for (const twin of twins) expect(twin).toEqual(compiled);
      }),
      { numRuns: 30 },
    );
  });
});

describe.each(implementations().map((kernels) => [kernels.name, kernels] as const))(
  "%s",
  (_name, kernels) => {
    const { arena } = kernels;

    it("combine replaces or adds Σ w_k·J_k", () => {
      const j = put(arena, [1, 2, 3, 10, 20, 30]);
      const out = put(arena, [7, 7, 7]);
      kernels.combine(j, put(arena, [2, -1]), out, "set");
      expect(Array.from(out)).toEqual([-8, -16, -24]);
      kernels.combine(j, put(arena, [1, 1]), out, "add");
      expect(Array.from(out)).toEqual([3, 6, 9]);
      kernels.combine(put(arena, []), put(arena, []), out, "set");
      expect(Array.from(out)).toEqual([0, 0, 0]);
    });

    it("axpy, scale and fill do what they say", () => {
      const x = put(arena, [1, 2, 3, 4, 5]);
      const y = put(arena, [10, 10, 10, 10, 10]);
      kernels.axpy(-2, x, y);
      expect(Array.from(y)).toEqual([8, 6, 4, 2, 0]);
      kernels.scale(y, 0.5);
      expect(Array.from(y)).toEqual([4, 3, 2, 1, 0]);
      kernels.fill(y, 9);
      expect(Array.from(y)).toEqual([9, 9, 9, 9, 9]);
    });

    it("clipValue cuts to the limit and lets NaN through", () => {
      const x = put(arena, [-Infinity, -1, 0.5, NaN, 2, -3, Infinity]);
      kernels.clipValue(x, 1);
      expect(Array.from(x)).toEqual([-1, -1, 0.5, NaN, 1, -1, 1]);
    });

    it("sumOfSquares adds squares", () => {
      expect(kernels.sumOfSquares(put(arena, [1, -2, 3]))).toBe(14);
      expect(kernels.sumOfSquares(put(arena, []))).toBe(0);
      expect(kernels.sumOfSquares(put(arena, [3, NaN]))).toBeNaN();
    });

    it("allFinite finds what is not at every place, and nothing in the largest numbers", () => {
      const largest = 3.4028234663852886e38;
      const x = put(arena, new Float32Array(23).fill(largest), 1);
      expect(kernels.allFinite(x)).toBe(true);
      for (const bad of [NaN, Infinity, -Infinity]) {
        for (let i = 0; i < x.length; i++) {
          x[i] = bad;
          expect(kernels.allFinite(x)).toBe(false);
          x[i] = -largest;
        }
      }
      expect(kernels.allFinite(x)).toBe(true);
      expect(kernels.allFinite(put(arena, []))).toBe(true);
    });
  },
);

it("sumOfSquares keeps seven digits of a million terms, where a float32 sum does not", () => {
  const values = normals(1, 1_000_003);
  const exact = values.reduce((sum, value) => sum + value * value, 0);
  const plain = values.reduce((sum, value) => Math.fround(sum + value * value), 0);
  expect(Math.abs(plain - exact) / exact).toBeGreaterThan(1e-7);
  for (const { arena, sumOfSquares } of implementations(4 << 20)) {
    const found = sumOfSquares(put(arena, values));
    expect(Math.abs(found - exact) / exact).toBeLessThan(1e-7);
  }
});
