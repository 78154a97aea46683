import { columnSums, type Matrix } from "@polytask/core";
import { checkJacobian, prepareSurgery, type Surgeries } from "./prepare-surgery.ts";

// The entry "@polytask/testkit/apply", for those who want an aggregator and no test runner.
export {
  prepareSurgery,
  type Surgeries,
  type SurgeryRun,
  type SurgeryRunOptions,
  type SurgeryStepOptions,
} from "./prepare-surgery.ts";

export interface ApplyOptions {
  /** Seed of the surgery's random streams. Default 0. */
  readonly seed?: number;
  /** Raw losses, one per row. Default: all 1. */
  readonly losses?: readonly number[];
}

/**
 * The combined gradient: the sum of the rows that the surgery makes of J.
 *
 * Jacobian [tasks, parameters] of numbers in, [parameters] out. A surgery that mixes works in float64 throughout; one
 * that edits tensors works in float32. The surgery is made afresh: two calls with one seed give the same result, and a
 * surgery with a memory takes its first step. Rows are the tasks "a", "b", "c", …; all columns are one parameter.
 *
 * @throws POLYTASK_DATA for a Jacobian that is empty, ragged or not finite; POLYTASK_OPTION for losses that do not fit;
 * POLYTASK_BROKEN_PART for a surgery whose result has the wrong shape.
 */
export async function applySurgery(
  plugins: Surgeries,
  jacobian: Matrix,
  options: ApplyOptions = {},
): Promise<number[]> {
  checkJacobian(jacobian);
  const { seed = 0, losses = jacobian.map(() => 1) } = options;
  const run = await prepareSurgery(plugins, {
    tasks: jacobian.length,
    sizes: [jacobian[0].length],
    seed,
  });
  try {
    return columnSums(await run.step(jacobian, { losses }));
  } finally {
    run.dispose();
  }
}
