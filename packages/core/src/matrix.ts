/** A small dense matrix on the host, float64, rows first. */
export type Matrix = readonly (readonly number[])[];

/** The n×n identity. */
export const identityMatrix = (n: number): number[][] =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)));

/** The product a·b, [n, m]·[m, k] → [n, k]. */
export const multiply = (a: Matrix, b: Matrix): number[][] =>
  a.map((row) =>
    Array.from({ length: b[0]?.length ?? 0 }, (_, j) =>
      row.reduce((sum, value, k) => sum + value * b[k][j], 0),
    ),
  );

/** The transpose, [n, m] → [m, n]. */
export const transpose = (a: Matrix): number[][] =>
  Array.from({ length: a[0]?.length ?? 0 }, (_, j) => a.map((row) => row[j]));

/** The sum of every column, [n, m] → [m]. */
export const columnSums = (a: Matrix): number[] =>
  Array.from({ length: a[0]?.length ?? 0 }, (_, j) => a.reduce((sum, row) => sum + row[j], 0));
