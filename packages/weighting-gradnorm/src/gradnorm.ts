import {
  badData,
  badOption,
  CONTRACT,
  type SomeTasks,
  unknownTask,
  unmetNeed,
  type WeightingPlugin,
} from "@polytask/core";
import * as tf from "@tensorflow/tfjs";

export interface GradNormOptions<Name extends string = string> {
  /** How strongly tasks that learn slowly are pulled forward; 0 gives every task the same norm. Default 1.5. */
  readonly alpha?: number;
  /** Rate of the weights' own gradient steps. Default 0.025. */
  readonly learningRate?: number;
  /**
   * L_k(0) of some tasks, log C for a cross-entropy over C classes for instance. Default: the task's first loss above 0.
   */
  readonly initialLosses?: SomeTasks<Name, number>;
}

/**
 * Learns loss weights that let all tasks train at similar rates.
 *
 * G_k = w_k·‖∇_W L_k‖₂ at the last shared layer W, r_k = (L_k/L_k(0)) / mean_j (L_j/L_j(0)), target_k = mean_j(G_j)·r_k^α,
 * a constant; the weights descend Σ_k |G_k − target_k|, whose derivative is sign(G_k − target_k)·‖∇_W L_k‖₂, and are then
 * scaled to sum to the number of tasks again. Means and sums run over the tasks present; an absent task keeps its weight.
 * Losses [T] in, w·L [T] out; w is 1 in the first step.
 *
 * Chen, Badrinarayanan, Lee, Rabinovich, "GradNorm: Gradient Normalization for Adaptive Loss Balancing in Deep
 * Multitask Networks", ICML 2018, Algorithm 1.
 *
 * @throws POLYTASK_OPTION for an `alpha` below 0, or a `learningRate` or initial loss that is not positive;
 * POLYTASK_UNKNOWN_TASK for an initial loss of no task; POLYTASK_DATA after a step with a negative loss, of which no
 * rate of training can be told; createTrainer throws POLYTASK_TOO_FEW_TASKS for a single task.
 */
export function gradNorm<Name extends string>(
  options: GradNormOptions<NoInfer<Name>> = {},
): WeightingPlugin<Name> {
  const { alpha = 1.5, learningRate = 0.025, initialLosses = {} } = options;
  if (!(alpha >= 0 && alpha < Infinity)) {
    throw badOption("gradNorm", "alpha", "a number of at least 0", alpha);
  }
  if (!positive(learningRate)) {
    throw badOption("gradNorm", "learningRate", "a positive number", learningRate);
  }
  for (const [name, loss] of Object.entries(initialLosses)) {
    if (!positive(loss))
      throw badOption("gradNorm", `initialLosses.${name}`, "a positive number", loss);
  }
  return {
    kind: "weighting",
    name: "weighting-gradnorm",
    contract: CONTRACT,
    create: ({ tasks }) => {
      const stranger = Object.keys(initialLosses).find(
        (name) => !tasks.some((known) => known === name),
      );
      if (stranger !== undefined) throw unknownTask("gradNorm", stranger, tasks);

      let weights = tasks.map(() => 1);
      const starts: SomeTasks<Name, number> = initialLosses;
      let first = tasks.map((name) => starts[name] ?? null);
      return {
        needs: { tasks: 2, lastSharedNorms: true },
        weigh: (losses, _present, pass) =>
          tf.mul(
            losses,
            pass.host("weights", [tasks.length], () => weights),
          ),
        observe: ({ losses, lastSharedNorms }) => {
          if (!lastSharedNorms) throw withoutNorms();
          const negative = tasks.find((name) => (losses[name] ?? 0) < 0);
          if (negative !== undefined) throw negativeLoss(negative, losses[negative]);
          const measured = tasks.flatMap((name, k): Measured[] => {
            const loss = losses[name];
            const norm = lastSharedNorms[name];
            if (loss === undefined || norm === undefined) return [];
            // A task whose losses were all exactly 0 has no L(0) yet: until it has one, its weight stays.
            const start = (first[k] ??= loss || null);
            return start === null ? [] : [{ k, weight: weights[k], norm, progress: loss / start }];
          });
          balance(measured, alpha, learningRate).forEach((weight, i) => {
            weights[measured[i].k] = weight;
          });
        },
        state: () => ({ weights: [...weights], first: [...first] }),
        restore: (state) => {
          const saved = state as { readonly weights: number[]; readonly first: (number | null)[] };
          weights = [...saved.weights];
          first = [...saved.first];
        },
      };
    },
  };
}

/** One task in one step: its place, w, ‖∇_W L‖₂ and L/L(0). */
interface Measured {
  readonly k: number;
  readonly weight: number;
  readonly norm: number;
  readonly progress: number;
}

/** No weight falls below this before the sum is restored: one gradient step may overshoot 0. */
const FLOOR = 1e-6;

/** One step of w: the new weights of the measured tasks, with the sum that they had. */
function balance(tasks: readonly Measured[], alpha: number, learningRate: number): number[] {
  const norm = mean(tasks.map((task) => task.weight * task.norm));
  const progress = mean(tasks.map((task) => task.progress));
  const moved = tasks.map((task) => {
    const rate = progress > 0 ? task.progress / progress : 1; // all at 0: all equally far
    const excess = task.weight * task.norm - norm * rate ** alpha;
    return Math.max(FLOOR, task.weight - learningRate * Math.sign(excess) * task.norm);
  });
  const scale = mean(tasks.map((task) => task.weight)) / mean(moved);
  return moved.map((weight) => weight * scale);
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const positive = (value: unknown): boolean =>
  typeof value === "number" && value > 0 && value < Infinity;

const withoutNorms = (): Error =>
  unmetNeed("gradNorm", "the report must hold lastSharedNorms", "the engine reported none");

const negativeLoss = (task: string, loss: number | undefined): Error =>
  badData(
    "gradNorm",
    "every loss must be at least 0",
    `task "${task}" had ${String(loss)}`,
    "Give the task a loss that is bounded below by 0, or use another weighting.",
  );
