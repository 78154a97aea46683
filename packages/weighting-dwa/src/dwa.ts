import { badData, badOption, CONTRACT, type WeightingPlugin } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";

export interface DwaOptions {
  /** T of the softmax: a large one evens the weights out. Default 2. */
  readonly temperature?: number;
}

/**
 * Gives more weight to the tasks whose loss fell least in the epoch before (Dynamic Weight Average).
 *
 * r_k = L̄_k(t−1) / L̄_k(t−2), w_k = K·softmax(r / T)_k, L̄ the mean raw loss of an epoch; all weights are 1 in the first
 * two epochs. Losses [T] in, w·L [T] out; the weights change between epochs only and sum to the number of tasks.
 *
 * Liu, Johns, Davison, "End-to-End Multi-Task Learning with Attention", CVPR 2019, section on Dynamic Weight Average.
 *
 * @throws POLYTASK_OPTION for a temperature that is not positive; POLYTASK_DATA for a negative mean loss, of which
 * no rate of descent can be told.
 */
export function dwa<Name extends string>(options: DwaOptions = {}): WeightingPlugin<Name> {
  const { temperature = 2 } = options;
  if (!(temperature > 0 && temperature < Infinity)) {
    throw badOption("dwa", "temperature", "a positive number", temperature);
  }
  return {
    kind: "weighting",
    name: "weighting-dwa",
    contract: CONTRACT,
    create: ({ tasks }) => {
      /** Per task the means of the last two epochs that had labels of it, the older one first. */
      let means: readonly (readonly number[])[] = tasks.map(() => []);
      const read = (): number[] => averageWeights(means, temperature);
      return {
        weigh: (losses, _present, pass) =>
          tf.mul(losses, pass.host("weights", [tasks.length], read)),
        observeEpoch: (report) => {
          means = tasks.map((name, k) => {
            const mean = report.losses[name];
            if (mean === undefined) return means[k];
            if (mean < 0) throw negativeMean(name, mean);
            return [...means[k].slice(-1), mean];
          });
        },
        state: () => means,
        restore: (state) => {
          means = state as typeof means;
        },
      };
    },
  };
}

/** K·softmax(r / T) over the K tasks that have two means; the others weigh 1. */
function averageWeights(means: readonly (readonly number[])[], temperature: number): number[] {
  const ratios = means.map(([before, last]) => {
    if (last === undefined) return undefined;
    // A loss that had reached 0 has no rate of descent: it counts as one that stayed.
    return before > 0 ? last / before : 1;
  });
  const known = ratios.filter((ratio) => ratio !== undefined);
  const highest = Math.max(...known);
  const power = (ratio: number): number => Math.exp((ratio - highest) / temperature);
  const average = known.reduce((sum, ratio) => sum + power(ratio), 0) / known.length;
  return ratios.map((ratio) => (ratio === undefined ? 1 : power(ratio) / average));
}

const negativeMean = (task: string, mean: number): Error =>
  badData(
    "dwa",
    "the mean loss of every epoch must be at least 0",
    `task "${task}" had ${mean}`,
    "Give the task a loss that is bounded below by 0, or use another weighting.",
  );
