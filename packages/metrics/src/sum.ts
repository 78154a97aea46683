/**
 * A running sum whose rounding error does not grow with the number of terms, so that neither the order of examples nor the
 * size of batches shows in a metric.
 *
 * Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", ZAMM 54, 1974.
 */
export interface Sum {
  readonly add: (term: number) => void;
  readonly value: () => number;
}

export function openSum(): Sum {
  let sum = 0;
  let lost = 0;
  return {
    add: (term) => {
      const next = sum + term;
      // Infinity minus itself would turn an infinite sum into NaN.
      if (Number.isFinite(next)) {
        lost += Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum;
      }
      sum = next;
    },
    value: () => sum + lost,
  };
}
