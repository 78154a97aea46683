import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import { constant } from "./constant.ts";
import { repairGradients } from "./gradients/index.ts";

/** One gradient per variable asked for; null where the value does not depend on it. */
export type Gradients = readonly (Tensor | null)[];

/**
 * Runs `body` with its ops on the gradient tape. Inside, `gradientsOf` may be called many times: all those gradients
 * come from the one forward pass. What `collect` is given outlives the tape and is the caller's; when `body` throws,
 * nothing does.
 *
 * tfjs offers no way to open a tape but to ask for a gradient, so this asks for one that does not exist.
 */
export function onTape<Result>(
  body: (collect: <T extends Tensor>(tensor: T) => T) => Result,
): Result {
  repairGradients();
  const collected: Tensor[] = [];
  let outcome: { readonly value: Result } | undefined;
  let failure: { readonly error: unknown } | undefined;
  const start = constant(() => tf.scalar(0));
  const engine = tf.engine();
  const { value } = engine.gradients(
    () => {
      // A throw through tfjs's tape would leave the tensors it has saved behind: catch it here, throw it outside.
      try {
        outcome = {
          value: body((tensor) => {
            collected.push(tensor);
            return tensor;
          }),
        };
        collected.forEach((tensor) => tf.keep(tensor));
      } catch (error) {
        failure = { error };
      }
      return constant(() => tf.scalar(0));
    },
    [start],
    undefined,
    true,
  );
  tf.dispose([start, value]);
  if (failure) throw failure.error;
  return (outcome as { readonly value: Result }).value;
}

/**
 * Inside `onTape`: ∂y/∂x of a value computed there, at some of the tensors it came from. `dy` defaults to ones. Gradients
 * are constants: nothing flows through them.
 */
export function gradientsOf(y: Tensor, xs: readonly Tensor[], dy?: Tensor): Gradients {
  if (xs.length === 0) return [];
  const { state } = tf.engine();
  // As inside a kernel: else tfjs records the backward pass on the tape too, and keeps all its tensors to the end.
  state.kernelDepth++;
  try {
    // tfjs leaves the place of an x that y does not depend on undefined, against its types.
    const grads: readonly (Tensor | undefined)[] = tf
      .engine()
      .gradients(() => y, [...xs], dy, true).grads;
    return grads.map((gradient) => gradient ?? null);
  } finally {
    state.kernelDepth--;
  }
}

/** The same value, through which no gradient flows; tfjs has no op for it. */
export const detach = <T extends Tensor>(value: T): T =>
  tf.customGrad((x) => ({
    value: tf.clone(x as Tensor),
    gradFunc: (dy: Tensor) => tf.zerosLike(dy),
  }))(value) as T;
