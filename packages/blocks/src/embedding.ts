import type { Scope } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import type { Block, BlockOptions } from "./block.ts";
import { checkCount } from "./checks.ts";
import { type Initializer, normal } from "./initializers.ts";
import { parameter } from "./parameter.ts";

export interface EmbeddingOptions<Name extends string = string> extends BlockOptions<Name> {
  /** How many ids there are: 0 … rows − 1. */
  readonly rows: number;
  /** Length of the vector of an id. */
  readonly dimension: number;
  /** Default N(0, 1/dimension), which gives every vector an expected squared length of 1. */
  readonly table?: Initializer;
}

/**
 * A table of trained vectors: id i becomes row i of E [rows, dimension].
 *
 * Whole ids [batch, …] (int32, or float32 as `input` prepares them) in, [batch, …, dimension] float32 out. The caller
 * sees to it that ids are below `rows`: most backends do not check. The parameter "<name>/table" has layout "rows".
 *
 * @throws POLYTASK_OPTION for sizes below 1.
 */
export function embedding<Name extends string>(
  scope: Scope<Name>,
  options: EmbeddingOptions<NoInfer<Name>>,
): Block<Name> {
  const { name, rows, dimension, table: initializer = normal(1 / Math.sqrt(dimension)) } = options;
  const who = `embedding "${name}"`;
  checkCount(who, "rows", rows);
  checkCount(who, "dimension", dimension);
  const table = parameter(scope, options, {
    leaf: "table",
    shape: [rows, dimension],
    initializer,
    layout: "rows",
  });
  return {
    parameters: [table],
    shape: [dimension],
    forward: (ids) => {
      const flat = tf.reshape(tf.cast(ids, "int32"), [-1]);
      return tf.reshape(lookUp(table.variable, flat), [...ids.shape, dimension]);
    },
  };
}

/**
 * tf.gather, whose own gradient needs a kernel that tfjs's wasm backend lacks, and which its cpu backend computes with
 * one pass over the batch per row of the table. Scattering does the same sum in one pass over the batch everywhere.
 */
function lookUp(table: Tensor, ids: Tensor): Tensor {
  const [rows, dimension] = table.shape;
  const lookup = tf.customGrad((values, save) => {
    (save as (tensors: Tensor[]) => void)([ids]);
    return {
      value: tf.gather(values as Tensor, ids),
      gradFunc: (dy: Tensor, [at]: Tensor[]) =>
        tf.scatterND(tf.reshape(at, [-1, 1]), dy, [rows, dimension]),
    };
  });
  return lookup(table);
}
