import { linear } from "./js-linear.ts";
import { optimizers } from "./js-optimizers.ts";
import type { RowKernels } from "./kernels.ts";

export const rowKernels: RowKernels = {
  scatterAdd: (ids, updates, width, table) => {
    let ignored = 0;
    for (let i = 0; i < ids.length; i++) {
      if (!(ids[i] >= 0 && ids[i] * width < table.length)) ignored++;
      else linear.axpy(1, row(updates, i, width), row(table, ids[i], width));
    }
    return ignored;
  },
  touchedRows: (ids, marks, list) => {
    let count = 0;
    for (const id of ids) {
      // Outside the table there is no mark.
      if (marks[id] !== 0) continue;
      marks[id] = 1;
      list[count++] = id;
    }
    const rows = list.subarray(0, count);
    for (const id of rows) marks[id] = 0;
    return rows;
  },
  clearRows: (rows, width, g) => {
    for (const id of rows) row(g, id, width).fill(0);
  },
  sgdRows: (rows, width, p, g, rate) => {
    each(rows, width, g, (at) => optimizers.sgd(at(p), at(g), rate));
  },
  momentumRows: (rows, width, p, g, b, rule, rate) => {
    each(rows, width, g, (at) => optimizers.momentum(at(p), at(g), at(b), rule, rate));
  },
  adamRows: (rows, width, p, g, m, v, rule, step) => {
    each(rows, width, g, (at) => optimizers.adam(at(p), at(g), at(m), at(v), rule, step));
  },
};

const row = (table: Float32Array, id: number, width: number): Float32Array =>
  table.subarray(id * width, (id + 1) * width);

/** Calls with what picks a row out of a table, for listed rows whose gradient is not zero throughout. */
function each(
  rows: Int32Array,
  width: number,
  g: Float32Array,
  update: (at: (table: Float32Array) => Float32Array) => void,
): void {
  for (const id of rows) {
    if (row(g, id, width).some((value) => value !== 0)) update((table) => row(table, id, width));
  }
}
