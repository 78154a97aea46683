import { badCall } from "./errors.ts";
import type { Kernels } from "./kernels.ts";

/**
 * Compiled code checks nothing: a view that is too short would let it write into what lies behind.
 *
 * Spelt out call by call, since lists of views would cost more than the small vectors that most calls are about.
 */
export function checked(kernels: Kernels, buffer: ArrayBufferLike): Kernels {
  const fit = (who: string, view: Float32Array | Float64Array | Int32Array, length: number) => {
    if (view.buffer !== buffer) {
      throw badCall(who, "every view must lie in the kernels' arena", "one has another buffer");
    }
    if (view.length !== length) {
      throw badCall(who, `a view must hold ${length} elements`, `it holds ${view.length}`);
    }
  };
  /** A list of rows, and the table that they are of. */
  const fitRows = (who: string, rows: Int32Array, width: number, table: Float32Array) => {
    fit(who, rows, rows.length);
    fit(who, table, wholeRows(who, table, width));
  };

  return {
    simd: kernels.simd,
    gramian: (j, rows, out, mode) => {
      fit("gramian", j, wholeRows("gramian", j, rows));
      fit("gramian", out, rows * rows);
      kernels.gramian(j, rows, out, mode);
    },
    combine: (j, weights, out, mode) => {
      fit("combine", weights, weights.length);
      fit("combine", out, out.length);
      fit("combine", j, weights.length * out.length);
      kernels.combine(j, weights, out, mode);
    },
    axpy: (a, x, y) => {
      fit("axpy", x, y.length);
      fit("axpy", y, y.length);
      kernels.axpy(a, x, y);
    },
    scale: (x, a) => {
      fit("scale", x, x.length);
      kernels.scale(x, a);
    },
    fill: (x, a) => {
      fit("fill", x, x.length);
      kernels.fill(x, a);
    },
    clipValue: (x, limit) => {
      fit("clipValue", x, x.length);
      kernels.clipValue(x, limit);
    },
    sumOfSquares: (x) => {
      fit("sumOfSquares", x, x.length);
      return kernels.sumOfSquares(x);
    },
    allFinite: (x) => {
      fit("allFinite", x, x.length);
      return kernels.allFinite(x);
    },

    sgd: (p, g, rate) => {
      fit("sgd", p, p.length);
      fit("sgd", g, p.length);
      kernels.sgd(p, g, rate);
    },
    momentum: (p, g, buffer, rule, rate) => {
      fit("momentum", p, p.length);
      fit("momentum", g, p.length);
      fit("momentum", buffer, p.length);
      kernels.momentum(p, g, buffer, rule, rate);
    },
    adam: (p, g, m, v, rule, at) => {
      fit("adam", p, p.length);
      fit("adam", g, p.length);
      fit("adam", m, p.length);
      fit("adam", v, p.length);
      kernels.adam(p, g, m, v, rule, at);
    },

    scatterAdd: (ids, updates, width, table) => {
      fitRows("scatterAdd", ids, width, table);
      fit("scatterAdd", updates, ids.length * width);
      return kernels.scatterAdd(ids, updates, width, table);
    },
    touchedRows: (ids, marks, list) => {
      fit("touchedRows", ids, ids.length);
      fit("touchedRows", marks, marks.length);
      fit("touchedRows", list, Math.max(list.length, Math.min(ids.length, marks.length)));
      return kernels.touchedRows(ids, marks, list);
    },
    clearRows: (rows, width, g) => {
      fitRows("clearRows", rows, width, g);
      kernels.clearRows(rows, width, g);
    },
    sgdRows: (rows, width, p, g, rate) => {
      fitRows("sgdRows", rows, width, p);
      fit("sgdRows", g, p.length);
      kernels.sgdRows(rows, width, p, g, rate);
    },
    momentumRows: (rows, width, p, g, buffer, rule, rate) => {
      fitRows("momentumRows", rows, width, p);
      fit("momentumRows", g, p.length);
      fit("momentumRows", buffer, p.length);
      kernels.momentumRows(rows, width, p, g, buffer, rule, rate);
    },
    adamRows: (rows, width, p, g, m, v, rule, at) => {
      fitRows("adamRows", rows, width, p);
      fit("adamRows", g, p.length);
      fit("adamRows", m, p.length);
      fit("adamRows", v, p.length);
      kernels.adamRows(rows, width, p, g, m, v, rule, at);
    },
  };
}

/** The length of a table that is made of whole rows, or of a matrix of so many of them. */
function wholeRows(who: string, { length }: Float32Array, width: number): number {
  if (Number.isInteger(width) && width > 0 && length % width === 0) return length;
  throw badCall(who, `${length} elements must make whole rows`, `they were to be cut by ${width}`);
}
