import * as tf from "@tensorflow/tfjs";
import type { Tensor, Tensor1D } from "@tensorflow/tfjs";
import { eagerPass } from "./eager-pass.ts";
import type { StepInfo } from "./engine.ts";
import { brokenPart } from "./errors.ts";
import type { Network } from "./network.ts";
import type { Pass } from "./pass.ts";
import { type Gradients, gradientsOf, onTape } from "./tape.ts";

/** Effective weights c [T], and the gradient of the weighting at its own variables (the network's extras). */
export interface Weighed {
  readonly weights: Tensor;
  readonly gradients: Gradients;
}

/** Who has labels in a step, and what a weighting may draw from. */
export interface Weighing<Name extends string> {
  /** [T] of 0 and 1. */
  readonly present: Tensor1D;
  /** All of `present` is 1 for certain, and what guards against absent tasks can be left out. */
  readonly everyone: boolean;
  readonly pass: Pass<Name>;
}

/**
 * Traced: c = ∂(Σ_k present_k·weigh(L)_k)/∂L, where an absent task's L reads 1; call on the tape.
 *
 * The whole of a weighting, however its terms depend on one another, reaches the network through c alone. Raw losses
 * [T] in, 0 for an absent task; c [T] out, 0 for an absent task.
 *
 * @throws POLYTASK_BROKEN_PART for weighted losses of another shape.
 */
export function traceWeights<Name extends string>(
  network: Network<Name>,
  losses: Tensor1D,
  { present, everyone, pass }: Weighing<Name>,
): Weighed {
  const safe = everyone ? losses : tf.add(losses, tf.sub(1, present));
  const weighted = network.weighting.weigh(safe as Tensor1D, present, pass);
  if (weighted.shape.join() !== losses.shape.join()) {
    throw brokenPart(
      network.nameOf(network.weighting),
      `weigh must return ${losses.shape[0]} losses`,
      `got shape [${weighted.shape.join(", ")}]`,
    );
  }
  // `where`, so that whatever an absent task's formula gives (NaN too) stays out of the others' weights.
  const kept = everyone
    ? weighted
    : tf.where(tf.cast(present, "bool"), weighted, tf.zerosLike(weighted));
  const objective = tf.sum(kept);
  const [weights, ...gradients] = gradientsOf(objective, [
    losses,
    ...network.extras.map(({ variable }) => variable),
  ]);
  const weightOf = weights ?? tf.zerosLike(losses);
  return { weights: everyone ? weightOf : tf.mul(weightOf, present), gradients };
}

/** The same at once, by itself, on losses that several groups have added up to. */
export const weightsOf = <Name extends string>(
  network: Network<Name>,
  losses: Tensor1D,
  info: StepInfo,
): Weighed =>
  onTape((collect) => {
    const weighed = traceWeights(network, losses, weighingNow(network, info));
    collect(weighed.weights);
    weighed.gradients.forEach((gradient) => gradient && collect(gradient));
    return weighed;
  });

/** For the step at hand; call inside a tidy or on the tape. */
export function weighingNow<Name extends string>(
  { tasks, noise }: Network<Name>,
  info: StepInfo,
): Weighing<Name> {
  const { pass } = eagerPass({ tasks, training: true, place: info, noise });
  return { present: presentNow(info), everyone: !info.counts.includes(0), pass };
}

/** [T]: 1 for a task with labels in the step, else 0. */
export const presentNow = ({ counts }: StepInfo): Tensor1D =>
  tf.tensor1d(counts.map((count) => (count > 0 ? 1 : 0)));
