import {
  badOption,
  CONTRACT,
  type Matrix,
  multiply,
  type Parameter,
  type RegularizerPlugin,
  type StepPlace,
  tooFewTasks,
  transpose,
  unmetNeed,
} from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import { nuclearNorm } from "./nuclear-norm.ts";
import { symmetricEigen } from "./symmetric-eigen.ts";

export interface TraceNormOptions {
  /** λ, at least 0: one number, or one for every step; `step` and `epoch` count from 0. */
  readonly strength: number | ((at: StepPlace) => number);
  /** Shrinks singular values after the optimizer's step; otherwise a penalty is added to the gradient. Default true. */
  readonly prox?: boolean;
  /** Which pairs of parameters, by role ("head/kernel"). Default: all but biases, whose roles end in "/bias". */
  readonly roles?: readonly string[];
}

/**
 * Draws the parameters of different tasks into a common space of low dimension: λ · Σ_k σ_k(W), the trace norm.
 *
 * The columns of W [n, K] are the flattened parameters of one role and one shape, one per task; every such group has a
 * W of its own. With `prox`, after each step, the proximal step W ← U·diag(max(σ − rate·λ, 0))·Vᵀ = W·M, M made from
 * WᵀW [K, K] on the host: singular values become exactly 0. Without it, the gradient λ·UVᵀ = λ·W(WᵀW)^(−½) is added
 * outside J.
 *
 * Ji, Ye, "An Accelerated Gradient Method for Trace Norm Minimization", ICML 2009 (the step); Yang,
 * Hospedales, "Trace Norm Regularised Deep Multi-Task Learning", 2016 (the use in networks).
 *
 * @throws POLYTASK_OPTION for a strength below 0 or not finite, in the step concerned where it is scheduled; createTrainer throws POLYTASK_TOO_FEW_TASKS for a single
 * task and POLYTASK_NEED where the model pairs no parameters by such roles.
 */
export function traceNorm<Name extends string>(options: TraceNormOptions): RegularizerPlugin<Name> {
  const { strength, prox = true, roles } = options;
  const strengthAt = (at: StepPlace): number =>
    checkStrength(typeof strength === "number" ? strength : strength(at));
  if (typeof strength === "number") checkStrength(strength);
  return {
    kind: "regularizer",
    name: "regularizer-low-rank",
    contract: CONTRACT,
    create: ({ tasks, parameters }) => {
      if (tasks.length < 2) throw tooFewTasks("traceNorm", 2, tasks);
      const groups = pair(parameters, roles);
      if (prox) {
        return {
          prox: {
            on: "gramian",
            groups: (given) => pair(given, roles),
            apply: (gramian, rate, at) => shrinkage(gramian, rate * strengthAt(at)),
          },
        };
      }
      return {
        penalty: ({ pass }) => {
          const norms = groups.map((group) =>
            nuclearNorm(tf.stack(group.map(({ variable }) => tf.reshape(variable, [-1])))),
          );
          const factor = pass.host("strength", [], (at) => [strengthAt(at)]);
          return tf.mul(factor, tf.addN(norms));
        },
      };
    },
  };
}

function checkStrength(strength: number): number {
  if (strength >= 0 && strength < Infinity) return strength;
  throw badOption("traceNorm", "strength", "a number of at least 0", strength);
}

/** M = V·diag(max(σ − threshold, 0) / σ)·Vᵀ for WᵀW = V·diag(σ²)·Vᵀ. */
function shrinkage(gramian: Matrix, threshold: number): number[][] {
  const { values, vectors } = symmetricEigen(gramian);
  // Rounding may leave a square just below 0.
  const kept = values.map((square) =>
    square > threshold ** 2 ? 1 - threshold / Math.sqrt(square) : 0,
  );
  const scaled = vectors.map((row) => row.map((value, k) => value * kept[k]));
  return multiply(scaled, transpose(vectors));
}

/** Groups of two or more parameters of one role and one shape. */
function pair<P extends Parameter>(
  parameters: readonly P[],
  roles: readonly string[] | undefined,
): P[][] {
  const wanted = (role: string): boolean => roles?.includes(role) ?? !/(^|\/)bias$/.test(role);
  const groups = new Map<string, P[]>();
  for (const parameter of parameters) {
    const { role, variable } = parameter;
    if (role === undefined || !wanted(role)) continue;
    const key = `${role} [${variable.shape.join(", ")}]`;
    groups.set(key, [...(groups.get(key) ?? []), parameter]);
  }
  const paired = [...groups.values()].filter((group) => group.length > 1);
  const unpaired = roles?.find((role) => !paired.some(([first]) => first.role === role));
  if (unpaired === undefined && paired.length > 0) return paired;
  throw unmetNeed(
    "traceNorm",
    `two tasks must have parameters of one shape under ${unpaired === undefined ? "some role" : `the role "${unpaired}"`}`,
    `the roles are ${[...new Set(parameters.flatMap(({ role }) => role ?? []))].join(", ") || "none"}`,
  );
}
