import type { LinearKernels } from "./kernels.ts";

const { fround } = Math;

/** Sums are float64 throughout: simpler than blocks, and what the other implementation is measured by. */
export const linear: LinearKernels = {
  gramian: (j, rows, out, mode) => {
    const columns = j.length / rows;
    if (mode === "set") out.fill(0);
    for (let i = 0; i < rows; i++) {
      for (let k = 0; k <= i; k++) {
        let sum = 0;
        for (let c = 0; c < columns; c++) sum += j[i * columns + c] * j[k * columns + c];
        out[i * rows + k] += sum;
        out[k * rows + i] = out[i * rows + k];
      }
    }
  },
  combine: (j, weights, out, mode) => {
    if (mode === "set") out.fill(0);
    for (const [k, weight] of weights.entries()) {
      linear.axpy(weight, j.subarray(k * out.length, (k + 1) * out.length), out);
    }
  },
  axpy: (a, x, y) => {
    const factor = fround(a);
    for (let i = 0; i < x.length; i++) y[i] += fround(factor * x[i]);
  },
  scale: (x, a) => {
    const factor = fround(a);
    for (let i = 0; i < x.length; i++) x[i] *= factor;
  },
  fill: (x, a) => void x.fill(a),
  clipValue: (x, limit) => {
    const high = fround(limit);
    for (let i = 0; i < x.length; i++) x[i] = Math.max(Math.min(x[i], high), -high);
  },
  sumOfSquares: (x) => {
    let sum = 0;
    for (const value of x) sum += value * value;
    return sum;
  },
  allFinite: (x) => x.every(Number.isFinite),
};
