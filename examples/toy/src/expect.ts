import { type Point, STARTS } from "./problem.ts";
import { KNOWN, train } from "./reference.ts";
import type { Run } from "./run.ts";

/** The published length of a run. */
export const FULL = 100_000;

/** Where a run should end, and how far from there it may. */
export interface Expectation {
  readonly end: Point;
  /** Ends of float64 runs whose start was moved by less than float32 can tell: lowest and highest x₁. */
  readonly band?: readonly [number, number];
  readonly tolerance: number;
}

/**
 * A full run should end where it is known to, a shorter one where float64 arithmetic does.
 *
 * PCGrad's way out of a valley is chaotic: from two of the starts, a displacement in the 7th digit moves the end along
 * the Pareto set by units, in float64 too. The band of ends that float64 gives is shown beside such a run.
 */
export function expectation({ method, start, steps }: Run): Expectation {
  const tolerance = 0.05;
  if (steps !== FULL) return { end: train({ method, start, steps }), tolerance };
  const end = KNOWN[method][STARTS.indexOf(start)];
  if (method === "sum") return { end, tolerance };
  const ends = Array.from({ length: 64 }, (_, k) => {
    const moved = (k - 31.5) * 2e-8;
    return train({ method, start: [start[0] + moved, start[1] - moved / 3], steps })[0];
  });
  const band = [Math.min(...ends, end[0]), Math.max(...ends, end[0])] as const;
  return { end, tolerance, ...(band[1] - band[0] > tolerance && { band }) };
}

/** Whether a run ended where it should; a band explains a miss and excuses none. */
export const reached = (end: Point, expected: Expectation): boolean =>
  end.every((x, k) => Math.abs(x - expected.end[k]) <= expected.tolerance);
