import { badData } from "@polytask/core";
import type { CategoricalOptions } from "./features.ts";
import { asNumber, asWord, type Values } from "./read.ts";
import type { CategoricalStatistics, NumericStatistics } from "./statistics.ts";

/**
 * Mean and deviation (divisor n) of the values that are there.
 *
 * A column that never varies gets deviation 1, so that it becomes 0 and not 0/0.
 */
export function fitNumeric(name: string, column: Values, indicators: boolean): NumericStatistics {
  const values = Array.from(column, (value, row) => asNumber(name, row, value));
  const known = values.filter((value) => !Number.isNaN(value));
  if (known.length === 0) {
    throw badData(
      `column "${name}"`,
      "needs at least one value in the training data",
      values.length === 0 ? "it is empty" : `all ${values.length} are missing`,
      "Leave the column out.",
    );
  }
  // Sums of differences from one of the values: a constant column is recognised exactly, and years lose no digits.
  const [origin] = known;
  const average = (of: (value: number) => number): number =>
    known.reduce((sum, value) => sum + of(value), 0) / known.length;
  const mean = origin + average((value) => value - origin);
  const deviation = Math.sqrt(average((value) => (value - mean) ** 2));
  if (!Number.isFinite(mean) || !Number.isFinite(deviation)) {
    throw badData(
      `column "${name}"`,
      "the mean and deviation of its values must be finite",
      `they are ${mean} and ${deviation}`,
      "Give the column in a larger unit, or its logarithm.",
    );
  }
  const indicator = indicators && known.length < values.length;
  return { name, mean, deviation: deviation === 0 ? 1 : deviation, indicator };
}

/** The words seen at least `minCount` times, the most frequent first, equally frequent ones in the order of their code units. */
export function fitCategorical(
  name: string,
  column: Values,
  { dimension, minCount = 1 }: CategoricalOptions,
): CategoricalStatistics {
  if (column.length === 0) {
    throw badData(
      `column "${name}"`,
      "needs at least one value in the training data",
      "it is empty",
    );
  }
  const counts = new Map<string | null, number>();
  for (let row = 0; row < column.length; row++) {
    const word = asWord(name, row, column[row]);
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const words = [...counts]
    .filter(([, count]) => count >= minCount)
    .sort(([a, m], [b, n]) => n - m || (String(a) < String(b) ? -1 : 1))
    .map(([word]) => word);
  return { name, words, dimension: dimension ?? dimensionFor(words.length + 1) };
}

/** min(50, ⌈1.6·rows^0.56⌉): the rule of fastai's tabular learner, with a lower limit. */
const dimensionFor = (rows: number): number => Math.min(50, Math.ceil(1.6 * rows ** 0.56));
