import {
  badOption,
  type Columns,
  CONTRACT,
  type PartialDataset,
  unfittedEncoder,
} from "@polytask/core";
import { fitCategorical, fitNumeric } from "./fit.ts";
import { fittedFeatures, type FittedFeatures } from "./fitted.ts";
import { isColumn, readColumns } from "./read.ts";

export interface CategoricalOptions {
  /** Length of a word's vector. Default min(50, ⌈1.6·rows^0.56⌉), rows the words and the unknown bucket. */
  readonly dimension?: number;
  /** Words seen less often in training share the unknown bucket. Default 1. */
  readonly minCount?: number;
}

export interface FeaturesOptions {
  /** Columns of numbers. */
  readonly numeric?: readonly string[];
  /** Columns of words: strings, numbers or booleans. */
  readonly categorical?: Readonly<Record<string, CategoricalOptions>>;
  /**
   * Whether a numeric column that misses values in the training data gets a second input: 1 where the value is missing,
   * else 0. Default true.
   */
  readonly indicators?: boolean;
}

/** Columns that are named, but not yet looked at: not an encoder until it is fitted. */
export interface UnfittedFeatures {
  /**
   * Learns means, deviations and vocabularies from the training data, and from nothing else.
   *
   * @throws POLYTASK_DATA for a missing or empty column, columns of different lengths, or a value that is neither
   * missing nor of the column's kind.
   */
  readonly fit: (training: PartialDataset | Columns) => Promise<FittedFeatures>;
}

/**
 * The tabular encoder: numeric columns standardised, categorical ones embedded, all in one vector [width] per example.
 *
 * A number x becomes (x − mean)/deviation of the training data, 0 where it is missing; a word becomes a trained row of
 * its column's table, row 0 for words that training did not show.
 *
 * @throws POLYTASK_OPTION without a column, for a column named twice, or for sizes that are not positive whole numbers.
 */
export function features(options: FeaturesOptions): UnfittedFeatures {
  const { numeric = [], categorical = {}, indicators = true } = options;
  const words = Object.keys(categorical);
  if (numeric.length + words.length === 0) {
    throw badOption("features", "numeric", "given, or `categorical`", numeric);
  }
  const twice = numeric.find((name, i) => words.includes(name) || numeric.indexOf(name) !== i);
  if (twice !== undefined) throw badOption("features", "numeric", "names that occur once", twice);
  for (const name of words) {
    for (const option of ["dimension", "minCount"] as const) {
      const value = categorical[name][option] ?? 1;
      if (!Number.isInteger(value) || value < 1) {
        throw badOption(
          "features",
          `categorical.${name}.${option}`,
          "a whole number of at least 1",
          value,
        );
      }
    }
  }

  const unfitted: UnfittedFeatures = {
    fit: async (training) => {
      const columns = await readColumns("features.fit", columnsOf(training), [
        ...numeric,
        ...words,
      ]);
      return fittedFeatures({
        numeric: numeric.map((name) => fitNumeric(name, columns[name], indicators)),
        categorical: words.map((name) => fitCategorical(name, columns[name], categorical[name])),
      });
    },
  };
  // Not an encoder to the compiler, but one at run time, whose error says what was forgotten.
  const plugin = {
    kind: "encoder",
    name: "features",
    contract: CONTRACT,
    create: (): never => {
      throw unfittedEncoder("features");
    },
  };
  return Object.assign(plugin, unfitted);
}

/** A data set's inputs, or the columns themselves: no column is a plain object, so the two cannot be confused. */
function columnsOf(training: PartialDataset | Columns): Columns {
  const inputs = training.inputs as Columns | undefined;
  return inputs === undefined || isColumn(inputs) ? (training as Columns) : inputs;
}
