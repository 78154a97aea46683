import * as tf from "@tensorflow/tfjs";
import { demand } from "./law.ts";

/**
 * Runs `fn` and throws unless as many tensors are alive after it as before, whether it returned or threw.
 *
 * What `fn` throws is thrown on; what it returns is returned.
 *
 * @throws POLYTASK_LAW
 */
export async function expectNoLeak<Result>(fn: () => Result | Promise<Result>): Promise<Result> {
  const before = tf.memory().numTensors;
  const outcome = await settle(fn);
  const left = tf.memory().numTensors - before;
  const how = outcome.ok ? "" : ` (it threw: ${String(outcome.error)})`;
  demand(left === 0, "as many tensors after as before", `${left} more${how}`);
  if (!outcome.ok) throw outcome.error;
  return outcome.value;
}

export type Outcome<Result> =
  { readonly ok: true; readonly value: Result } | { readonly ok: false; readonly error: unknown };

/** What a call did, without throwing. */
export async function settle<Result>(fn: () => Result | Promise<Result>): Promise<Outcome<Result>> {
  try {
    return { ok: true, value: await fn() };
  } catch (error) {
    return { ok: false, error };
  }
}
