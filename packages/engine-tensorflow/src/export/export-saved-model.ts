import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type ExportedModel, type ExportOptions, inferenceOf } from "@polytask/compiled/export";
import type { Trainer } from "@polytask/core";
import { writeSavedModel } from "../function/saved-model.ts";
import { cannotExport, tooLarge } from "./errors.ts";
import { isFolder, writeFolder } from "./folder.ts";
import { inferenceGraph } from "./graph.ts";

/**
 * Writes encoder and model as a SavedModel, which TensorFlow Serving and every TensorFlow run, for batches of any size.
 *
 * The folder holds one file, saved_model.pb: parameters are constants of the graph, and there are no variables to restore.
 * Its signature "serving_default" takes the columns that the encoder prepares (for `features`: standardised numbers and word
 * ids), under their names, and gives predictions, under the tasks' names, as `trainer.predict` does. What the encoder has
 * fitted is in the file too, in the collection "polytask.encoder", as JSON. An earlier export in the folder is replaced, at
 * once. No TensorFlow is needed to write it.
 *
 * @throws POLYTASK_TENSORFLOW_EXPORT where the folder holds anything but an earlier export, the prepared columns are unknown,
 * a column is named like a task, a part draws noise outside training, or the batch's size goes into more than lengths; what
 * tracing throws where code cannot be traced.
 */
export async function exportSavedModel<Name extends string>(
  trainer: Trainer<Name>,
  dir: string | URL,
  options: ExportOptions = {},
): Promise<ExportedModel> {
  const folder = resolve(typeof dir === "string" ? dir : fileURLToPath(dir));
  await isFolder(folder);
  const inference = await inferenceOf(trainer, options, cannotExport);
  const bytes = writeSavedModel(inferenceGraph(inference));
  if (bytes.length >= 2 ** 31) throw tooLarge(bytes.length);
  await writeFolder(folder, bytes);
  return inference.exported;
}
