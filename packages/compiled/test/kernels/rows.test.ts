import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Kernels } from "../../src/kernels/index.ts";
import { implementations, normals, put, putIds } from "./support.ts";

/** A table and ids, some of which name none of its rows. */
const lookups = (): fc.Arbitrary<{ height: number; width: number; ids: number[] }> =>
  fc.record({
    height: fc.integer({ min: 1, max: 12 }),
    width: fc.integer({ min: 1, max: 11 }),
    ids: fc.array(
      fc.oneof(
        { weight: 8, arbitrary: fc.nat(13) },
        { weight: 1, arbitrary: fc.constantFrom(-1, -(2 ** 31), 2 ** 31 - 1) },
      ),
      { maxLength: 40 },
    ),
  });

const inside = (ids: readonly number[], height: number): number[] =>
  ids.filter((id) => id >= 0 && id < height);

describe("scatterAdd", () => {
  it("adds repeated rows in their order, and counts the ids outside the table", () => {
    fc.assert(
      fc.property(lookups(), fc.nat(), ({ height, width, ids }, seed) => {
        const updates = normals(seed, ids.length * width);
        const before = normals(seed + 1, height * width);
        const expected = Float32Array.from(before);
        for (const [i, id] of ids.entries()) {
          if (id < 0 || id >= height) continue;
          for (let d = 0; d < width; d++) expected[id * width + d] += updates[i * width + d];
        }
        for (const { arena, scatterAdd } of implementations()) {
          const guard = put(arena, [...before, 5, 5, 5, 5], seed % 4);
          const table = guard.subarray(0, -4);
          const ignored = scatterAdd(putIds(arena, ids), put(arena, updates), width, table);
          expect(ignored).toBe(ids.length - inside(ids, height).length);
          expect(Array.from(guard)).toEqual([...expected, 5, 5, 5, 5]);
        }
      }),
    );
  });

  it("20,000 ids into 50 rows give the sums of float64 to 1e-5", () => {
    const ids = Int32Array.from({ length: 20_000 }, (_, i) => (i * 7919) % 50);
    const updates = normals(3, 20_000 * 16);
    const exact = new Float64Array(50 * 16);
    const sizes = new Float64Array(50 * 16);
    for (const [i, value] of updates.entries()) {
      const at = ids[i >> 4] * 16 + (i & 15);
      exact[at] += value;
      sizes[at] += Math.abs(value);
    }
    for (const { arena, scatterAdd } of implementations(2 << 20)) {
      const table = arena.float32(50 * 16);
      expect(scatterAdd(putIds(arena, ids), put(arena, updates), 16, table)).toBe(0);
      expect(Math.max(...table.map((x, i) => Math.abs(x - exact[i]) / sizes[i]))).toBeLessThan(
        1e-5,
      );
    }
  });
});

describe("touchedRows", () => {
  it("lists each row once, first seen first, and leaves the marks clean", () => {
    fc.assert(
      fc.property(lookups(), ({ height, ids }) => {
        for (const { arena, touchedRows } of implementations()) {
          const marks = arena.int32(height);
          const list = arena.int32(Math.min(height, ids.length));
          const rows = touchedRows(putIds(arena, ids), marks, list);
          expect(Array.from(rows)).toEqual([...new Set(inside(ids, height))]);
          expect(rows.byteOffset).toBe(list.byteOffset);
          expect(Array.from(marks).every((mark) => mark === 0)).toBe(true);
        }
      }),
    );
  });
});

it("clearRows sets the listed rows to 0 and no others", () => {
  for (const { arena, clearRows } of implementations()) {
    const table = put(arena, normals(1, 7 * 5), 3);
    const before = Array.from(table);
    clearRows(putIds(arena, [6, 0, 3]), 5, table);
    expect(Array.from(table)).toEqual(
      before.map((value, i) => ([0, 3, 6].includes(Math.floor(i / 5)) ? 0 : value)),
    );
  }
});

type Tables = readonly Float32Array[];
const rule = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const at = { step: 0.01, root: 0.3, keep: 0.99 };
const heavy = { mu: 0.9, nesterov: true };

describe.each<
  [
    name: string,
    dense: (kernels: Kernels, [p, g, a, b]: Tables) => void,
    listed: (kernels: Kernels, rows: Int32Array, width: number, [p, g, a, b]: Tables) => void,
  ]
>([
  [
    "sgdRows",
    (kernels, [p, g]) => kernels.sgd(p, g, 0.1),
    (kernels, rows, width, [p, g]) => kernels.sgdRows(rows, width, p, g, 0.1),
  ],
  [
    "momentumRows",
    (kernels, [p, g, b]) => kernels.momentum(p, g, b, heavy, 0.1),
    (kernels, rows, width, [p, g, b]) => kernels.momentumRows(rows, width, p, g, b, heavy, 0.1),
  ],
  [
    "adamRows",
    (kernels, [p, g, m, v]) => kernels.adam(p, g, m, v, rule, at),
    (kernels, rows, width, [p, g, m, v]) => kernels.adamRows(rows, width, p, g, m, v, rule, at),
  ],
])("%s", (_name, dense, listed) => {
  it("is the dense rule on listed rows with a gradient, and nothing on all others", () => {
    fc.assert(
      fc.property(lookups(), fc.nat(), ({ height, width, ids }, seed) => {
        const rows = [...new Set(inside(ids, height))];
        // A third of the rows has a gradient of 0, a negative one for some.
        const gradient = normals(seed, height * width).map((value, i) =>
          Math.floor(i / width) % 3 === 0 ? 0 * value : value,
        );
        const tables = [1, 2, 3].map((k) => normals(seed + k, height * width).map(Math.abs));
        const start = [tables[0], gradient, tables[1], tables[2]];
        for (const kernels of implementations()) {
          const views = start.map((values) => put(kernels.arena, values, seed % 4));
          const whole = start.map((values) => put(kernels.arena, values));
          dense(kernels, whole);
          listed(kernels, putIds(kernels.arena, rows), width, views);
          const expected = start.map((before, k) =>
            Array.from(before, (value, i) => {
              const row = Math.floor(i / width);
              return rows.includes(row) && row % 3 !== 0 ? whole[k][i] : value;
            }),
          );
          expect(views.map((view) => Array.from(view))).toEqual(expected);
        }
      }),
    );
  });

  it("does not take NaN for a gradient of 0", () => {
    for (const kernels of implementations()) {
      const views = [1, 0, 1, 1].map((value) => put(kernels.arena, [value, value, value]));
      views[1][1] = NaN;
      listed(kernels, putIds(kernels.arena, [0]), 3, views);
      expect(views[0][1]).toBeNaN();
    }
  });
});
