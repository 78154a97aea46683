import { badOption, type Metric } from "@polytask/core";
import { requireClass } from "./input.ts";

export interface AccuracyOptions {
  /** A single probability above it says 1. Default 0.5. */
  readonly threshold?: number;
}

/**
 * Share of labels that the prediction names.
 *
 * One probability: 1 where it is above the threshold, else 0. Several: the first of the largest. Predictions [n × width],
 * labels [n] of 0 and 1 or of class indices. NaN before the first example, or after a prediction that is NaN.
 *
 * @throws POLYTASK_OPTION for a threshold outside [0, 1]; POLYTASK_DATA for a label that is no class.
 */
export function accuracy(options: AccuracyOptions = {}): Metric {
  const { threshold = 0.5 } = options;
  if (!(threshold >= 0 && threshold <= 1)) {
    throw badOption("accuracy", "threshold", "a number from 0 to 1", threshold);
  }
  return {
    name: "accuracy",
    better: "higher",
    create: () => {
      let right = 0;
      let count = 0;
      return {
        update: (predictions, labels, width) => {
          for (let i = 0; i < labels.length; i++) {
            requireClass("accuracy", labels[i], width);
            const row = predictions.subarray(i * width, (i + 1) * width);
            if (row.some(Number.isNaN)) right = NaN;
            const chosen = width > 1 ? argmax(row) : Number(row[0] > threshold);
            if (chosen === labels[i]) right++;
          }
          count += labels.length;
        },
        value: () => right / count,
      };
    },
  };
}

function argmax(row: Float32Array): number {
  let best = 0;
  for (let c = 1; c < row.length; c++) if (row[c] > row[best]) best = c;
  return best;
}
