/** What was learnt of a numeric column. */
export interface NumericStatistics {
  readonly name: string;
  readonly mean: number;
  /** 1 for a column that never varied. */
  readonly deviation: number;
  /** Whether missing values have an input of their own. */
  readonly indicator: boolean;
}

/** What was learnt of a categorical column. */
export interface CategoricalStatistics {
  readonly name: string;
  /** Word i has row i + 1 of the table; null is the missing value. Row 0 is for all other words. */
  readonly words: readonly (string | null)[];
  readonly dimension: number;
}

/** All that was fitted, in the order of the encoder's outputs; plain JSON. */
export interface FeatureStatistics {
  readonly numeric: readonly NumericStatistics[];
  readonly categorical: readonly CategoricalStatistics[];
}

/** How many numbers an example becomes. */
export const widthOf = ({ numeric, categorical }: FeatureStatistics): number =>
  numeric.reduce((sum, { indicator }) => sum + (indicator ? 2 : 1), 0) +
  categorical.reduce((sum, { dimension }) => sum + dimension, 0);

/** How statistics differ in what decides the sizes of inputs and tables; undefined where they do not. */
export function difference(own: FeatureStatistics, other: unknown): string | undefined {
  const { numeric, categorical } = (other ?? {}) as Partial<FeatureStatistics>;
  if (!Array.isArray(numeric) || !Array.isArray(categorical)) return "it is no state of features";
  const saved = { numeric, categorical } as FeatureStatistics;
  const sizes = (of: FeatureStatistics): string[] => [
    ...of.numeric.map(({ name, indicator }) => `"${name}"${indicator ? " with an indicator" : ""}`),
    ...of.categorical.map(
      ({ name, words, dimension }) => `"${name}" of ${words.length} words × ${dimension}`,
    ),
  ];
  const [here, there] = [sizes(own), sizes(saved)];
  const at = here.findIndex((size, i) => size !== there[i]);
  if (at >= 0) return `it has ${there[at] ?? "nothing"} in the place of ${here[at]}`;
  return there.length > here.length ? `it also has ${there[here.length]}` : undefined;
}
