import { badOption, CONTRACT, type OptimizerPlugin, type ParameterInfo } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import { adamRule, type MomentOptions } from "./adam.ts";
import { type OptimizerOptions, type ParameterGroup, readOptions } from "./options.ts";

export interface DecayGroup extends ParameterGroup {
  /** Replaces the optimizer's decay for these parameters. */
  readonly weightDecay?: number;
}

export interface AdamwOptions extends OptimizerOptions<DecayGroup>, MomentOptions {
  /** λ, for all parameters or by parameter. Default 0.01. */
  readonly weightDecay?: number | ((parameter: ParameterInfo) => number);
}

/**
 * Adam with decoupled weight decay: p ← p·(1 − η·λ), then Adam's step on the gradient alone.
 *
 * As in PyTorch every parameter of encoder and architecture decays, biases and normalisation scales too, unless `groups`
 * or a function as `weightDecay` exempts them. Variables of a weighting or a regularizer never decay: λ is 0 there,
 * whatever the options say, since a decayed log-variance is another weighting. Default learning rate 0.001.
 *
 * Loshchilov and Hutter, ICLR 2019, arXiv 1711.05101, algorithm 2. `rows: "lazy"` as in `adam`; a row that gets no
 * gradient does not decay in that step either.
 *
 * @throws POLYTASK_OPTION for a learning rate, epsilon or clip limit that is not positive and finite, a beta outside [0, 1),
 * a weight decay below 0, a group's rate below 0, or other `rows`; POLYTASK_STATE when a state with the other `rows` is
 * restored.
 */
export function adamw(options: AdamwOptions = {}): OptimizerPlugin {
  const { weightDecay = 0.01, groups = [] } = options;
  const { rate, clipping, groupOf, rowwise } = readOptions("adamw", 1e-3, options);
  const rule = adamRule("adamw", options);
  if (typeof weightDecay === "number") requireDecay(weightDecay);
  for (const group of groups) requireDecay(group.weightDecay ?? 0);

  const decayOf = (parameter: ParameterInfo): number => {
    if (parameter.owner !== "encoder" && parameter.owner !== "architecture") return 0;
    const usual = typeof weightDecay === "number" ? weightDecay : weightDecay(parameter);
    return requireDecay(groupOf(parameter)?.weightDecay ?? usual);
  };

  return {
    kind: "optimizer",
    name: "adamw",
    contract: CONTRACT,
    create: () => ({
      ...clipping,
      ...rowwise,
      rate,
      slots: ["m", "v"],
      kernel: { name: "adamw", constants: rule.constants },
      scalars: ({ count, rate, parameter }) => {
        const eta = rate * (groupOf(parameter)?.rate ?? 1);
        return [...rule.scalars(count, eta), 1 - eta * decayOf(parameter)];
      },
      update: (value, gradient, slots, [step, root, keep]) =>
        rule.update(tf.mul(value, keep), gradient, slots, [step, root]),
    }),
  };
}

function requireDecay(decay: number): number {
  if (!(decay >= 0 && decay < Infinity)) {
    throw badOption("adamw", "weightDecay", "a number of at least 0", decay);
  }
  return decay;
}
