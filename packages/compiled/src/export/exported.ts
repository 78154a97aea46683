import type { Column, Columns } from "@polytask/core";
import type { DType } from "@polytask/graph";
import { type Dim, isFixed } from "./dim.ts";

export interface ExportOptions {
  /** Raw examples, as to `predict`. Needed where the trainer has not seen data yet: they show the prepared columns. */
  readonly inputs?: Column | Columns;
}

/** An input or output of an exported model. */
export interface ExportedTensor {
  readonly name: string;
  readonly type: DType;
  /** "batch" stands for the number of examples. */
  readonly shape: readonly (number | string)[];
}

export interface ExportedModel {
  /** The columns that the encoder prepares. */
  readonly inputs: readonly ExportedTensor[];
  /** Predictions by the names of the tasks, through each task's `link`: probabilities and values. */
  readonly outputs: readonly ExportedTensor[];
}

/** What a file's readers see of a tensor. */
export const exportedTensor = (
  name: string,
  type: DType,
  shape: readonly Dim[],
): ExportedTensor => ({ name, type, shape: shape.map(nameOf) });

/** "batch", or what is made of it. */
function nameOf(dim: Dim): number | string {
  if (isFixed(dim)) return dim;
  const { perExample, plus } = dim;
  const scaled = perExample === 1 ? "batch" : `${perExample}*batch`;
  return plus === 0 ? scaled : `${scaled}+${plus}`;
}
