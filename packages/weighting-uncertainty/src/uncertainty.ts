import {
  badOption,
  constant,
  CONTRACT,
  type Noise,
  type Parameter,
  type SomeTasks,
  unknownTask,
  type WeightingPlugin,
} from "@polytask/core";
import * as tf from "@tensorflow/tfjs";

export interface UncertaintyOptions<Name extends string = string> {
  /** Where s starts: one number for all tasks, or a number for some of them. Default 0. */
  readonly initial?: number | SomeTasks<Name, number>;
}

/**
 * Weighs every loss by the noise of its task, a variance learnt with the network.
 *
 * With s = log σ² (log b for laplace), and the form that the task's `noise` asks for: gaussian ½e^(−s)L + ½s, laplace
 * e^(−s)L + s, categorical e^(−s)L + ½s. One scalar variable s per task, trained by the model's optimizer and never
 * decayed; an absent task's does not move. Losses [T] in, weighted losses [T] out, which may be negative.
 *
 * Kendall, Gal, Cipolla, "Multi-Task Learning Using Uncertainty to Weigh Losses for Scene Geometry and Semantics",
 * CVPR 2018, equations 7 and 10 (laplace: the same reasoning for an absolute error).
 *
 * @throws POLYTASK_OPTION for an `initial` that is not finite; POLYTASK_UNKNOWN_TASK for one of no task.
 */
export function uncertainty<Name extends string>(
  options: UncertaintyOptions<NoInfer<Name>> = {},
): WeightingPlugin<Name> {
  const { initial = 0 } = options;
  const starts: SomeTasks<Name, number> = typeof initial === "number" ? {} : initial;
  const common = typeof initial === "number" ? initial : 0;
  checkStart("initial", common);
  for (const [name, start] of Object.entries(starts)) checkStart(`initial.${name}`, start);
  return {
    kind: "weighting",
    name: "weighting-uncertainty",
    contract: CONTRACT,
    create: ({ tasks, task, variable }) => {
      const stranger = Object.keys(starts).find((name) => !tasks.some((known) => known === name));
      if (stranger !== undefined) throw unknownTask("uncertainty", stranger, tasks);

      const variables = tasks.map((name): Parameter<Name> => ({
        name: `log-variance/${name}`,
        variable: variable(() => tf.scalar(starts[name] ?? common)),
        tasks: [name],
      }));
      const precision = tasks.map((name) => formOf[task(name).noise].precision);
      const entropy = tasks.map((name) => formOf[task(name).noise].entropy);
      return {
        variables,
        weigh: (losses) => {
          const s = tf.stack(variables.map(({ variable }) => variable));
          const weights = tf.mul(
            tf.exp(tf.neg(s)),
            constant(() => tf.tensor1d(precision)),
          );
          return tf.add(
            tf.mul(weights, losses),
            tf.mul(
              s,
              constant(() => tf.tensor1d(entropy)),
            ),
          );
        },
      };
    },
  };
}

/** The factors of e^(−s)·L and of s. */
const formOf: Readonly<Record<Noise, { readonly precision: number; readonly entropy: number }>> = {
  gaussian: { precision: 0.5, entropy: 0.5 },
  laplace: { precision: 1, entropy: 1 },
  categorical: { precision: 1, entropy: 0.5 },
};

function checkStart(option: string, start: unknown): void {
  if (!Number.isFinite(start)) throw badOption("uncertainty", option, "a finite number", start);
}
