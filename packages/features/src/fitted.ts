import { embedding, type Initializer, normal } from "@polytask/blocks";
import {
  badData,
  CONTRACT,
  type Encoder,
  type EncoderPlugin,
  PolytaskError,
  type Rows,
  type Scope,
  type State,
} from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import { asNumber, asWord, readColumns, type Values } from "./read.ts";
import {
  type CategoricalStatistics,
  difference,
  type FeatureStatistics,
  type NumericStatistics,
  widthOf,
} from "./statistics.ts";

/** The tabular encoder with what it learnt: a part for any trainer, whatever its tasks. */
export interface FittedFeatures extends Omit<EncoderPlugin, "create"> {
  readonly create: <Name extends string>(scope: Scope<Name>) => Encoder<Name>;
  /** How many numbers an example becomes. */
  readonly width: number;
  /** Means, deviations and vocabularies; plain JSON, from which `fittedFeatures` makes the encoder again. */
  readonly statistics: FeatureStatistics;
}

/**
 * The encoder of statistics that were fitted before: `fittedFeatures(JSON.parse(text))`.
 *
 * Columns become, in this order, [x] or [x, missing] for numeric ones and a table's row for categorical ones; `encode`
 * gives them as one tensor [batch, width] float32. The tables "<column>/table" [words + 1, dimension] are trained with
 * the model and belong to all tasks. Row 0 starts at zero: while no unknown word is seen in training, one adds nothing.
 */
export function fittedFeatures(statistics: FeatureStatistics): FittedFeatures {
  return {
    kind: "encoder",
    name: "features",
    contract: CONTRACT,
    width: widthOf(statistics),
    statistics,
    create: (scope) => createEncoder(scope, statistics),
  };
}

function createEncoder<Name extends string>(
  scope: Scope<Name>,
  fitted: FeatureStatistics,
): Encoder<Name> {
  let statistics = fitted;
  const numeric = fitted.numeric.map(({ name }) => name);
  const tables = fitted.categorical.map(({ name, words, dimension }) => {
    const options = { name, tasks: scope.tasks, rows: words.length + 1, dimension };
    return { name, ...embedding(scope, { ...options, table: startAtZero(dimension) }) };
  });

  return {
    shape: [widthOf(fitted)],
    parameters: tables.flatMap(({ parameters }) => parameters),
    prepare: async (inputs) => {
      const names = [...numeric, ...tables.map(({ name }) => name)];
      const columns = await readColumns("features", inputs, names);
      return Object.fromEntries([
        ...statistics.numeric.map((column) => [
          column.name,
          standardise(column, columns[column.name]),
        ]),
        ...statistics.categorical.map((column) => [
          column.name,
          toIds(column, columns[column.name]),
        ]),
      ]) as Record<string, Rows>;
    },
    encode: (columns, pass) => {
      const numbers = numeric.map((name) => columns[name]);
      const vectors = tables.map(({ name, forward }) => forward(columns[name], pass));
      return tf.concat([...numbers, ...vectors], 1);
    },
    // An interface has no index signature, though it is nothing but JSON.
    state: () => statistics as unknown as State,
    restore: (state) => {
      const found = difference(fitted, state);
      if (found !== undefined) {
        throw new PolytaskError({
          code: "POLYTASK_STATE",
          who: "features",
          required: "the saved statistics must be of an encoder of the same columns and sizes",
          found,
          remedy: "Restore into a trainer whose encoder is fittedFeatures(saved statistics).",
        });
      }
      statistics = state as unknown as FeatureStatistics;
    },
  };
}

/** (x − mean)/deviation in float64, then float32; 0 where missing, with the indicator 1. */
function standardise(
  { name, mean, deviation, indicator }: NumericStatistics,
  column: Values,
): Rows {
  const width = indicator ? 2 : 1;
  const values = new Float32Array(column.length * width);
  for (let row = 0; row < column.length; row++) {
    const x = asNumber(name, row, column[row]);
    const missing = Number.isNaN(x);
    const at = row * width;
    values[at] = missing ? 0 : (x - mean) / deviation;
    if (indicator) values[at + 1] = missing ? 1 : 0;
    if (!Number.isFinite(values[at])) {
      throw badData(
        `column "${name}"`,
        "every standardised value must fit into float32",
        `row ${row} holds ${x}, with mean ${mean} and deviation ${deviation}`,
      );
    }
  }
  return { values, shape: [width], dtype: "float32" };
}

/** The row of every word's vector; 0 for words that are not in the vocabulary. */
function toIds({ name, words }: CategoricalStatistics, column: Values): Rows {
  const ids = new Map(words.map((word, i) => [word, i + 1]));
  const values = new Int32Array(column.length);
  for (let row = 0; row < column.length; row++) {
    values[row] = ids.get(asWord(name, row, column[row])) ?? 0;
  }
  return { values, shape: [], dtype: "int32" };
}

/** Rows of expected squared length 1, as a standardised number has, below a first row of zeros. */
const startAtZero =
  (dimension: number): Initializer =>
  (shape, random): Tensor => {
    const rows = normal(1 / Math.sqrt(dimension))([shape[0] - 1, dimension], random);
    return tf.concat([tf.zeros([1, dimension]), rows], 0);
  };
