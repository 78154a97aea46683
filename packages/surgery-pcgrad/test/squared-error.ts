/** In float64: the mean of (x·w − y)² over the rows that have a label, and its gradient at w. */
export function squaredError(
  x: readonly (readonly number[])[],
  y: readonly (number | null)[],
  w: readonly number[],
): { readonly loss: number; readonly gradient: readonly number[] } {
  const rows = x.flatMap((row, i) => {
    const label = y[i];
    return label === null ? [] : [{ row, error: dot(row, w) - label }];
  });
  return {
    loss: rows.reduce((sum, { error }) => sum + error ** 2, 0) / rows.length,
    gradient: w.map(
      (_, j) => rows.reduce((sum, { row, error }) => sum + 2 * error * row[j], 0) / rows.length,
    ),
  };
}

export const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * b[i], 0);

/** a + factor·b */
export const plus = (a: readonly number[], b: readonly number[], factor = 1): number[] =>
  a.map((value, i) => value + factor * b[i]);
