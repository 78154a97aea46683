import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { implementations, normals, put } from "./support.ts";

/** J·Jᵀ summed in float64. */
function reference(j: Float32Array, rows: number): Float64Array {
  const columns = j.length / rows;
  return Float64Array.from({ length: rows * rows }, (_, at) => {
    const [i, k] = [Math.floor(at / rows), at % rows];
    let sum = 0;
    for (let c = 0; c < columns; c++) sum += j[i * columns + c] * j[k * columns + c];
    return sum;
  });
}

/** max |G − exact|/√(G_ii·G_jj); 0 where all is 0. */
function worst(found: Float64Array, exact: Float64Array): number {
  const rows = Math.sqrt(exact.length);
  const errors = Array.from(exact, (value, at) => {
    const squares = exact[Math.floor(at / rows) * (rows + 1)] * exact[(at % rows) * (rows + 1)];
    return found[at] === value ? 0 : Math.abs(found[at] - value) / Math.sqrt(squares);
  });
  return Math.max(...errors);
}

it("is J·Jᵀ for any number of rows and columns, in all implementations", () => {
  const shape = fc.record({
    rows: fc.integer({ min: 1, max: 19 }),
    columns: fc.nat(600),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(shape, ({ rows, columns, seed }) => {
      const values = normals(seed, rows * columns);
      const exact = reference(values, rows);
      for (const kernels of implementations()) {
        const j = put(kernels.arena, values, seed % 4);
        const around = kernels.arena.float64(rows * rows + 2).fill(7);
        const out = around.subarray(1, -1);
        kernels.gramian(j, rows, out, "set");
        expect(worst(out, exact)).toBeLessThan(1e-6);
        // Nothing is written beside it.
        expect([around[0], around[around.length - 1]]).toEqual([7, 7]);
      }
    }),
    { numRuns: 100 },
  );
});

it("adds up the blocks of J", () => {
  const values = normals(5, 3 * 1000);
  const columns = Array.from({ length: 3 }, (_, i) => values.subarray(i * 1000, (i + 1) * 1000));
  const part = (from: number, to: number): number[] =>
    columns.flatMap((row) => Array.from(row.subarray(from, to)));
  for (const { arena, gramian } of implementations()) {
    const whole = arena.float64(9);
    const sum = arena.float64(9);
    gramian(put(arena, values), 3, whole, "set");
    gramian(put(arena, part(0, 333)), 3, sum, "set");
    gramian(put(arena, part(333, 1000)), 3, sum, "add");
    for (const [i, value] of whole.entries()) expect(sum[i]).toBeCloseTo(value, 3);
    expect(worst(sum, reference(values, 3))).toBeLessThan(1e-6);
  }
});

describe("at a million columns", () => {
  const columns = 1_000_000;
  const rows = 5;
  // Large positive sums; a row and nearly its opposite; rows of very different size.
  const base = normals(2, columns);
  const noise = normals(3, columns, 1e-3);
  const j = new Float32Array(rows * columns);
  for (let c = 0; c < columns; c++) {
    j[c] = 1 + Math.abs(base[c]);
    j[columns + c] = base[c];
    j[2 * columns + c] = noise[c] - base[c];
    j[3 * columns + c] = 1e-4 * noise[(c * 7) % columns];
    j[4 * columns + c] = 1e4 * base[(c + 1) % columns];
  }

  const exact = reference(j, rows);

  it("the relative error stays below 1e-6·√(G_ii·G_jj)", () => {
    for (const { arena, gramian } of implementations(32 << 20)) {
      const out = arena.float64(rows * rows);
      gramian(put(arena, j), rows, out, "set");
      expect(worst(out, exact)).toBeLessThan(1e-6);
    }
  });

  it("a plain float32 sum does not keep it: the bound is not for free", () => {
    const out = new Float64Array(rows * rows);
    for (let i = 0; i < rows; i++) {
      for (let k = 0; k < rows; k++) {
        let sum = 0;
        for (let c = 0; c < columns; c++) {
          sum = Math.fround(sum + Math.fround(j[i * columns + c] * j[k * columns + c]));
        }
        out[i * rows + k] = sum;
      }
    }
    expect(worst(out, exact)).toBeGreaterThan(1e-6);
  });
});
