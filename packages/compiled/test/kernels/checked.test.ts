import { describe, expect, it } from "vitest";
import type { Kernels } from "../../src/kernels/index.ts";
import { implementations } from "./support.ts";

const rule = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const at = { step: 1, root: 1, keep: 1 };
const mu = { mu: 0.9, nesterov: false };

/** Views of three sizes in the arena, and one outside. */
interface Views {
  readonly a: Float32Array;
  readonly b: Float32Array;
  readonly short: Float32Array;
  readonly ids: Int32Array;
  readonly square: Float64Array;
}
const foreign = new Float32Array(6);

describe.each(implementations().map((kernels) => [kernels.name, kernels] as const))(
  "%s",
  (_name, kernels) => {
    const { arena } = kernels;
    const views: Views = {
      a: arena.float32(6),
      b: arena.float32(6),
      short: arena.float32(5),
      ids: arena.int32(2),
      square: arena.float64(4),
    };

    it.each<[string, (kernels: Kernels, views: Views) => unknown]>([
      [
        "gramian of rows that are not whole",
        (k, { short, square }) => k.gramian(short, 2, square, "set"),
      ],
      ["gramian of no rows", (k, { a, square }) => k.gramian(a, 0, square, "set")],
      [
        "gramian into a matrix of another size",
        (k, { a, square }) => k.gramian(a, 3, square, "set"),
      ],
      ["combine with too few weights", (k, { a, b, short }) => k.combine(a, short, b, "set")],
      ["combine of a foreign J", (k, { a, b }) => k.combine(foreign, a.subarray(1, 2), b, "set")],
      ["axpy of two lengths", (k, { a, short }) => k.axpy(1, a, short)],
      ["axpy from outside", (k, { a }) => k.axpy(1, foreign, a)],
      ["scale outside", (k) => k.scale(foreign, 1)],
      ["fill outside", (k) => k.fill(foreign, 1)],
      ["clipValue outside", (k) => k.clipValue(foreign, 1)],
      ["sumOfSquares outside", (k) => k.sumOfSquares(foreign)],
      ["allFinite outside", (k) => k.allFinite(foreign)],
      ["sgd of two lengths", (k, { a, short }) => k.sgd(a, short, 1)],
      ["momentum of two lengths", (k, { a, b, short }) => k.momentum(a, b, short, mu, 1)],
      ["adam of two lengths", (k, { a, b, short }) => k.adam(a, b, a, short, rule, at)],
      ["adam with a foreign slot", (k, { a, b }) => k.adam(a, b, foreign, a, rule, at)],
      ["scatterAdd of too few updates", (k, { a, short, ids }) => k.scatterAdd(ids, short, 3, a)],
      [
        "scatterAdd into rows that are not whole",
        (k, { a, short, ids }) => k.scatterAdd(ids, a, 3, short),
      ],
      ["touchedRows without room", (k, { ids }) => k.touchedRows(ids, ids, ids.subarray(1))],
      ["clearRows of a fraction", (k, { a, ids }) => k.clearRows(ids, 1.5, a)],
      ["sgdRows of two sizes", (k, { a, short, ids }) => k.sgdRows(ids, 3, a, short, 1)],
      [
        "momentumRows of two sizes",
        (k, { a, b, short, ids }) => k.momentumRows(ids, 3, a, b, short, mu, 1),
      ],
      [
        "adamRows of two sizes",
        (k, { a, b, short, ids }) => k.adamRows(ids, 3, a, b, a, short, rule, at),
      ],
      [
        "adamRows of foreign rows",
        (k, { a, b }) => k.adamRows(new Int32Array(1), 3, a, b, a, b, rule, at),
      ],
    ])("refuses %s", (_title, call) => {
      expect(() => call(kernels, views)).toThrow("POLYTASK_KERNEL");
      for (const view of [views.a, views.b, views.short, views.square]) {
        expect(Array.from(view).every((value) => value === 0)).toBe(true);
      }
    });
  },
);
