import type { Metric } from "@polytask/core";
import { requireSingle } from "./input.ts";
import { openSum } from "./sum.ts";

/**
 * Share of the labels' variance that the predictions explain: 1 − Σ(p − y)²/Σ(y − ȳ)².
 *
 * Predictions [n] and labels [n]. 1 is perfect, 0 as good as the labels' mean, below 0 worse than it. NaN while the labels
 * do not vary. The labels' spread is kept by Welford's recurrence, exact also where their mean is far from 0.
 *
 * Welford, Technometrics 4, 1962.
 *
 * @throws POLYTASK_DATA for more than one prediction per label.
 */
export function r2(): Metric {
  return {
    name: "r2",
    better: "higher",
    create: () => {
      const unexplained = openSum();
      const spread = openSum();
      const mean = openSum();
      let count = 0;
      return {
        update: (predictions, labels, width) => {
          requireSingle("r2", width);
          for (let i = 0; i < labels.length; i++) {
            unexplained.add((predictions[i] - labels[i]) ** 2);
            count++;
            const before = labels[i] - mean.value();
            mean.add(before / count);
            spread.add(before * (labels[i] - mean.value()));
          }
        },
        value: () => (spread.value() > 0 ? 1 - unexplained.value() / spread.value() : NaN),
      };
    },
  };
}
