import * as tf from "@tensorflow/tfjs";
import type { Scalar } from "@tensorflow/tfjs";
import { brokenPart } from "./errors.ts";
import type { Network } from "./network.ts";
import type { PenaltyInput } from "./regularizer.ts";

/**
 * Traced: the sum of the model's and all regularizers' penalties; undefined where there is none.
 *
 * `present` [T] of 0 and 1; the result a scalar, whose gradient is added outside J.
 *
 * @throws POLYTASK_BROKEN_PART where the forward pass did not expose an activation that a part needs.
 */
export function penaltyOf<Name extends string>(
  network: Network<Name>,
  input: Omit<PenaltyInput<Name>, "parameters">,
): Scalar | undefined {
  const { model, regularizers, parameters, needs } = network;
  for (const need of needs.activations) {
    if (!(need in input.activations)) {
      throw brokenPart(
        network.nameOf(model),
        `a part needs the activation "${need}" to be exposed`,
        `exposed: ${Object.keys(input.activations).join(", ") || "none"}`,
      );
    }
  }
  const terms: Scalar[] = [];
  if (model.penalty) terms.push(model.penalty(input.pass));
  for (const { penalty } of regularizers) {
    if (penalty) terms.push(penalty({ ...input, parameters }));
  }
  return terms.length === 0 ? undefined : tf.addN(terms);
}
