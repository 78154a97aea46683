import fc from "fast-check";
import { jacobianOf, scales } from "./samples.ts";

export interface JacobiansOptions {
  /** Least and most tasks. Default [1, 5]. */
  readonly rows?: readonly [least: number, most: number];
  /** Least and most parameters. Default [1, 12]. */
  readonly columns?: readonly [least: number, most: number];
  /** Sizes of entries. Default: `scales`, 0 … 1e15. */
  readonly scales?: readonly number[];
}

/** Jacobians of every side, rank and scale as a fast-check arbitrary, for property tests; shrinks to small and simple ones. */
export function jacobians(options: JacobiansOptions = {}): fc.Arbitrary<number[][]> {
  const { rows = [1, 5], columns = [1, 12], scales: sizes = scales } = options;
  const [r, c] = [rows, columns].map(([min, max]) => fc.integer({ min, max }));
  return fc
    .tuple(r, c, fc.nat(), fc.constantFrom(...sizes), fc.nat())
    .map(([m, n, rank, scale, seed]) =>
      jacobianOf({ rows: m, columns: n, rank: rank % (Math.min(m, n) + 1), scale, seed }),
    );
}
