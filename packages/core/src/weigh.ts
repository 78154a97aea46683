import * as tf from "@tensorflow/tfjs";
import type { Tensor, Tensor1D } from "@tensorflow/tfjs";
import { eagerPass } from "./eager-pass.ts";
import type { StepInfo } from "./engine.ts";
import { brokenPart } from "./errors.ts";
import type { Network } from "./network.ts";
import { type Gradients, gradientsOf, onTape } from "./tape.ts";

/** Effective weights c [T], and the gradient of the weighting at its own variables (the network's extras). */
export interface Weighed {
  readonly weights: Tensor;
  readonly gradients: Gradients;
}

/**
 * c = ∂(Σ_k present_k·weigh(L)_k)/∂L, where an absent task's L reads 1; call on the tape.
 *
 * The whole of a weighting, however its terms depend on one another, reaches the network through c alone.
 */
export function traceWeights<Name extends string>(
  network: Network<Name>,
  losses: Tensor1D,
  info: StepInfo,
): Weighed {
  const { pass } = eagerPass({
    tasks: network.tasks,
    training: true,
    place: info,
    noise: network.noise,
  });
  const flags = info.counts.map((count) => (count > 0 ? 1 : 0));
  const everyone = !flags.includes(0);
  const present = tf.tensor1d(flags);
  const safe = everyone ? losses : tf.add(losses, tf.tensor1d(flags.map((flag) => 1 - flag)));
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

/** The same by itself, on losses that several groups have added up to. */
export const weightsOf = <Name extends string>(
  network: Network<Name>,
  losses: Tensor1D,
  info: StepInfo,
): Weighed =>
  onTape((collect) => {
    const weighed = traceWeights(network, losses, info);
    collect(weighed.weights);
    weighed.gradients.forEach((gradient) => gradient && collect(gradient));
    return weighed;
  });
