import * as tf from "@tensorflow/tfjs";
import { settle } from "../leak.ts";
import { demand, law } from "../law.ts";
import { caseName, type GradientCase } from "./case.ts";
import { caseDifferences } from "./differences.ts";
import {
  gradientsAgree,
  furthest,
  gradientDistance,
  type GradientOutcome,
  isRightGradient,
} from "./judge.ts";
import type { GradientMeans } from "./means.ts";

export interface CheckGradientOptions {
  /**
   * What gradients are held against. Default: `caseDifferences` on the tfjs backend in use, whose forward pass must be
   * right. Where the means uses another one, set the backend here and there.
   */
  readonly differences?: (of: GradientCase) => Promise<readonly ArrayLike<number>[]>;
  /** Another means, with which this one must agree far closer where both are right. */
  readonly against?: GradientMeans;
  /** What is known to come out. Default "right". */
  readonly outcome?: GradientOutcome;
}

/**
 * One case of the sweep: throws unless the means comes to the outcome that is expected of it, and leaves no tensor
 * behind. What is known to be wrong or missing must be so: a repair is to be noticed.
 *
 * A means that throws is not held to its tensors, since tfjs itself leaves some there.
 *
 * @throws POLYTASK_LAW, of which the law is the name of the case.
 */
export const checkGradient = (
  of: GradientCase,
  means: GradientMeans,
  options: CheckGradientOptions = {},
): Promise<void> => law<GradientCase>(caseName(of), () => check(of, means, options))(of);

async function check(
  of: GradientCase,
  means: GradientMeans,
  { differences = caseDifferences, against, outcome = "right" }: CheckGradientOptions,
): Promise<void> {
  const expected = await differences(of);
  const before = tf.memory().numTensors;
  const found = await settle(() => means(of));
  const required = `the gradient must be ${outcome}`;
  if (!found.ok) {
    demand(outcome === "missing", required, () => `it is missing: ${String(found.error)}`);
    return;
  }
  const left = tf.memory().numTensors - before;
  demand(left === 0, "as many tensors after as before", `${left} more`);
  const right = isRightGradient(of, found.value, expected);
  demand(outcome === (right ? "right" : "wrong"), required, () =>
    right ? "it is right" : furthest(found.value, expected).place,
  );
  if (!right || !against) return;
  const other = await settle(() => against(of));
  if (!other.ok || !isRightGradient(of, other.value, expected)) return;
  demand(
    gradientsAgree(of, found.value, other.value),
    "two right gradients must agree",
    () => `they are ${gradientDistance(found.value, other.value)} apart`,
  );
}
