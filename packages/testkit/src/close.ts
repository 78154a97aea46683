import { demand } from "./law.ts";

/** Numbers, flat or nested to any depth. */
export type Numbers = number | ArrayLike<number> | readonly Numbers[];

/** How far apart two numbers may be: |actual − expected| ≤ absolute + relative·|expected|. */
export interface Tolerance {
  /** Default 1e-6. */
  readonly relative?: number;
  /** Default 1e-12. */
  readonly absolute?: number;
}

/**
 * Throws unless both hold as many numbers and each pair is close; names the first that is not.
 *
 * A NaN is close to nothing; an infinity only to itself.
 *
 * @throws POLYTASK_LAW
 */
export function expectAllClose(
  actual: Numbers,
  expected: Numbers,
  tolerance: Tolerance = {},
): void {
  const { relative = 1e-6, absolute = 1e-12 } = tolerance;
  const a = flat(actual);
  const e = flat(expected);
  demand(a.length === e.length, `${e.length} numbers`, () => `got ${a.length}`);
  for (let i = 0; i < e.length; i++) {
    const close = a[i] === e[i] || Math.abs(a[i] - e[i]) <= absolute + relative * Math.abs(e[i]);
    demand(
      close,
      `number ${i} must be within ${relative} relative or ${absolute} absolute of ${e[i]}`,
      () => `got ${a[i]}, off by ${Math.abs(a[i] - e[i])}`,
    );
  }
}

/** All numbers in a row. */
function flat(numbers: Numbers): number[] {
  if (typeof numbers === "number") return [numbers];
  return Array.from(numbers as ArrayLike<Numbers>).flatMap((inner) => flat(inner));
}
