import { badOption, type Metric } from "@polytask/core";
import { requireClass } from "./input.ts";
import { openSum } from "./sum.ts";

export interface LogLossOptions {
  /** Probabilities are cut to [ε, 1 − ε]. Default 2⁻²³, the spacing of float32 numbers at 1. */
  readonly epsilon?: number;
}

/**
 * Mean negative log-likelihood of the labels, in nats.
 *
 * One probability p of label 1: −y·log p − (1 − y)·log(1 − p); several, one per class: −log p_y. Predictions [n × width],
 * labels [n] of 0 and 1 or of class indices. NaN before the first example.
 *
 * @throws POLYTASK_OPTION for an epsilon outside (0, 0.5); POLYTASK_DATA for a label that is no class.
 */
export function logLoss(options: LogLossOptions = {}): Metric {
  const { epsilon = 2 ** -23 } = options;
  if (!(epsilon > 0 && epsilon < 0.5)) {
    throw badOption("logLoss", "epsilon", "a number between 0 and 0.5", epsilon);
  }
  return {
    name: "logLoss",
    better: "lower",
    create: () => {
      const sum = openSum();
      let count = 0;
      return {
        update: (predictions, labels, width) => {
          for (let i = 0; i < labels.length; i++) {
            const label = labels[i];
            requireClass("logLoss", label, width);
            const p =
              width > 1 ? predictions[i * width + label] : probability(predictions[i], label);
            sum.add(-Math.log(Math.min(Math.max(p, epsilon), 1 - epsilon)));
          }
          count += labels.length;
        },
        value: () => sum.value() / count,
      };
    },
  };
}

const probability = (p: number, label: number): number => (label === 1 ? p : 1 - p);
