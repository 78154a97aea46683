import type { Matrix } from "@polytask/core";

/** ‖a − b‖ relative to ‖b‖, or to `least` where ‖b‖ is smaller; infinite for a NaN, or where lengths differ. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>, least: number): number {
  if (a.length !== b.length) return Infinity;
  const difference = Array.from(a, (value, i) => value - b[i]);
  return ratio(norm(difference), Math.max(norm(b), least));
}

/** The same, of numbers whose ordinary size is 1: relative to their norm, or to 1e-2 a number. */
export const unitDistance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  distance(a, b, 1e-2 * Math.sqrt(b.length));

/** The largest |A_ij − B_ij| relative to √(B_ii·B_jj), of two Gramians. */
export function gramianDistance(a: Matrix, b: Matrix): number {
  if (a.length !== b.length) return Infinity;
  return largest(
    b.flatMap((row, i) =>
      row.map((value, j) => ratio(Math.abs(a[i][j] - value), Math.sqrt(b[i][i] * b[j][j]))),
    ),
  );
}

/** The largest `unitDistance` of the numbers in two JSON values; infinite where anything else differs. */
export function jsonDistance(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return unitDistance([a], [b]);
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
    return Object.is(a, b) ? 0 : Infinity;
  }
  if (Array.isArray(a) !== Array.isArray(b) || !sameNames(a, b)) return Infinity;
  const other = a as Readonly<Record<string, unknown>>;
  return largest(Object.entries(b).map(([key, value]) => jsonDistance(other[key], value)));
}

/** Whether two records have the same keys. */
export const sameNames = (a: object, b: object): boolean =>
  Object.keys(a).toSorted().join("\n") === Object.keys(b).toSorted().join("\n");

export const norm = (values: ArrayLike<number>): number =>
  Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0));

export const largest = (values: readonly number[]): number =>
  values.reduce((most, value) => Math.max(most, value), 0);

/** 0/0 is no difference, and a NaN the largest there is. */
function ratio(difference: number, size: number): number {
  if (difference === 0) return 0;
  const result = difference / size;
  return Number.isNaN(result) ? Infinity : result;
}
