import type { Metric } from "@polytask/core";
import { requireSingle } from "./input.ts";
import { openSum } from "./sum.ts";

/**
 * Root of the mean squared error: √(Σ(p − y)²/n).
 *
 * Predictions [n] and labels [n]; in the labels' own units. NaN before the first example.
 *
 * @throws POLYTASK_DATA for more than one prediction per label.
 */
export const rmse = (): Metric => meanError("rmse", (error) => error * error, Math.sqrt);

/**
 * Mean absolute error: Σ|p − y|/n.
 *
 * Predictions [n] and labels [n]; in the labels' own units. NaN before the first example.
 *
 * @throws POLYTASK_DATA for more than one prediction per label.
 */
export const mae = (): Metric => meanError("mae", Math.abs, (mean) => mean);

const meanError = (
  name: string,
  measure: (error: number) => number,
  finish: (mean: number) => number,
): Metric => ({
  name,
  better: "lower",
  create: () => {
    const sum = openSum();
    let count = 0;
    return {
      update: (predictions, labels, width) => {
        requireSingle(name, width);
        for (let i = 0; i < labels.length; i++) sum.add(measure(predictions[i] - labels[i]));
        count += labels.length;
      },
      value: () => finish(sum.value() / count),
    };
  },
});
