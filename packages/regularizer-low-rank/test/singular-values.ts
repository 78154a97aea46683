/**
 * Singular values of two or three columns, in closed form from their inner products, in float64: the eigenvalues of a
 * symmetric 2×2 matrix, and Smith's trigonometric formula for 3×3 (Communications of the ACM 4, 1961).
 */
export function singularValues(columns: readonly (readonly number[])[]): number[] {
  const g = columns.map((a) => columns.map((b) => a.reduce((sum, x, i) => sum + x * b[i], 0)));
  return eigenvalues(g).map((value) => Math.sqrt(Math.max(value, 0)));
}

function eigenvalues(g: readonly (readonly number[])[]): number[] {
  if (g.length === 2) {
    const half = (g[0][0] + g[1][1]) / 2;
    const spread = Math.hypot((g[0][0] - g[1][1]) / 2, g[0][1]);
    return [half + spread, half - spread];
  }
  const mean = (g[0][0] + g[1][1] + g[2][2]) / 3;
  const off = g[0][1] ** 2 + g[0][2] ** 2 + g[1][2] ** 2;
  const p = Math.sqrt((g.reduce((sum, row, i) => sum + (row[i] - mean) ** 2, 0) + 2 * off) / 6);
  if (p === 0) return [mean, mean, mean];
  const b = g.map((row, i) => row.map((x, j) => (x - (i === j ? mean : 0)) / p));
  const det =
    b[0][0] * (b[1][1] * b[2][2] - b[1][2] * b[2][1]) -
    b[0][1] * (b[1][0] * b[2][2] - b[1][2] * b[2][0]) +
    b[0][2] * (b[1][0] * b[2][1] - b[1][1] * b[2][0]);
  const angle = Math.acos(Math.min(1, Math.max(-1, det / 2))) / 3;
  const first = mean + 2 * p * Math.cos(angle);
  const last = mean + 2 * p * Math.cos(angle + (2 * Math.PI) / 3);
  return [first, 3 * mean - first - last, last];
}
