import { writeFile } from "node:fs/promises";
import { type ExportedModel, type ExportOptions, inferenceOf } from "@polytask/compiled/export";
import type { Trainer } from "@polytask/core";
import { encodeBody } from "../onnx/body.ts";
import { writeModel } from "../onnx/proto.ts";
import { cannotExport } from "./errors.ts";
import { exportSource } from "./source.ts";

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
  const inference = await inferenceOf(trainer, options, cannotExport);
  const { outputs, exported, metadata } = inference;
  await writeFile(
    file,
    writeModel({ ...encodeBody(outputs, exportSource(inference)), ...exported, metadata }),
  );
  return exported;
}
