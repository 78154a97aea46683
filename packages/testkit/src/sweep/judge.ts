import type { GradientCase } from "./case.ts";

type Vectors = readonly ArrayLike<number>[];

/** What a way to compute gradients makes of a case: they are right or wrong, or it throws, and they are missing. */
export type GradientOutcome = "right" | "wrong" | "missing";

/** How far gradients may be from differences, relative to each number or to 1: a little more than these are wrong. */
const FROM_DIFFERENCES = 1e-4;

/** How far apart two right gradients may be, relative to the largest number or to 1: float32 and no more. */
const FROM_EACH_OTHER = 1e-5;

/** Whether a case's gradients are those that differences of values give. */
export const isRightGradient = (
  of: GradientCase,
  gradients: Vectors,
  differences: Vectors,
): boolean => furthest(gradients, differences).off <= (of.tolerance ?? FROM_DIFFERENCES);

/** Whether two ways to compute a case's gradients come to the same. */
export const gradientsAgree = (of: GradientCase, a: Vectors, b: Vectors): boolean =>
  gradientDistance(a, b) <= (of.tolerance ?? FROM_EACH_OTHER);

/** Where gradients are furthest from differences, relative to each number or to 1. */
export function furthest(
  gradients: Vectors,
  differences: Vectors,
): { readonly off: number; readonly place: string } {
  let most = { off: 0, place: "everywhere the same" };
  if (gradients.length !== differences.length) return { off: Infinity, place: "how many they are" };
  for (const [k, slopes] of differences.entries()) {
    if (gradients[k].length !== slopes.length) {
      return { off: Infinity, place: `the length of input ${k}` };
    }
    for (let i = 0; i < slopes.length; i++) {
      const [found, expected] = [gradients[k][i], slopes[i]];
      const off = distance(found, expected, Math.max(1, Math.abs(expected)));
      if (off > most.off) {
        most = { off, place: `${found} instead of ${expected} at input ${k}, place ${i}` };
      }
    }
  }
  return most;
}

/**
 * How far two gradients are apart: the largest |a − b| relative to the largest |b| of an input, or to 1. Infinite where
 * lengths differ, or for what is no number.
 */
export function gradientDistance(a: Vectors, b: Vectors): number {
  if (a.length !== b.length || b.some((values, k) => values.length !== a[k].length)) {
    return Infinity;
  }
  const each = b.map((values, k) => {
    const size = Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    return Array.from(values, (value, i) => distance(a[k][i], value, size));
  });
  return Math.max(0, ...each.flat());
}

function distance(a: number, b: number, unit: number): number {
  const off = Math.abs(a - b) / unit;
  return Number.isNaN(off) ? Infinity : off;
}
