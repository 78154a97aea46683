import { writeFile } from "node:fs/promises";
import type { Column, Columns, Network, Trainer } from "@polytask/core";
import { type ColumnLayouts, columnsOf, networkOf } from "@polytask/core/engine";
import { writeModel } from "../onnx/proto.ts";
import { unknownColumns } from "./errors.ts";
import { inferenceModel } from "./inference.ts";

export interface ExportOptions {
  /** Raw examples, as to `predict`. Needed where the trainer has not seen data yet: they show the prepared columns. */
  readonly inputs?: Column | Columns;
}

/** An input or output of an exported model. */
export interface ExportedTensor {
  readonly name: string;
  readonly type: "float32" | "int32" | "int64" | "bool";
  /** "batch" stands for the number of examples. */
  readonly shape: readonly (number | string)[];
}

export interface ExportedModel {
  /** The columns that the encoder prepares. */
  readonly inputs: readonly ExportedTensor[];
  /** Predictions by the names of the tasks, through each task's `link`: probabilities and values. */
  readonly outputs: readonly ExportedTensor[];
}

/**
 * Writes encoder and model as an .onnx file (opset 20) that any ONNX runtime runs, for batches of any size.
 *
 * Inputs are the columns that the encoder prepares (for `features`: standardised numbers and word ids), under their names;
 * outputs are predictions, under the tasks' names, as `trainer.predict` gives them. What the encoder has fitted is in the
 * model's metadata, under "polytask.encoder", as JSON.
 *
 * @throws POLYTASK_ONNX_EXPORT where the prepared columns are unknown, a column is named like a task, a part draws noise
 * outside training, or the batch's size goes into more than lengths; what tracing throws where code cannot be traced.
 */
export async function exportOnnx<Name extends string>(
  trainer: Trainer<Name>,
  file: string | URL,
  options: ExportOptions = {},
): Promise<ExportedModel> {
  const network = networkOf(trainer);
  const columns = await preparedColumns(network, options);
  const model = inferenceModel(network, columns, await trainer.state());
  await writeFile(file, writeModel(model));
  return { inputs: model.inputs, outputs: model.outputs };
}

async function preparedColumns<Name extends string>(
  { encoder }: Network<Name>,
  { inputs }: ExportOptions,
): Promise<ColumnLayouts> {
  const columns = inputs === undefined ? columnsOf(encoder) : await encoder.prepare(inputs);
  if (Object.keys(columns).length === 0) throw unknownColumns();
  return columns;
}
