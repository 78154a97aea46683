import * as tf from "@tensorflow/tfjs";
import type { Scalar, Tensor } from "@tensorflow/tfjs";
import type { Batch, Labels } from "./batch.ts";
import { brokenPart } from "./errors.ts";
import type { Outputs } from "./architecture.ts";
import type { Network } from "./network.ts";
import type { Pass } from "./pass.ts";
import type { SomeTasks, Task } from "./tasks.ts";

/** One task's labels as tensors; without `present` none is missing. */
export interface LabelTensors {
  readonly values: Tensor;
  readonly present?: Tensor;
}

/** A batch as tensors. */
export interface BatchTensors<Name extends string> {
  readonly columns: Readonly<Record<string, Tensor>>;
  readonly labels: SomeTasks<Name, LabelTensors>;
}

/** Uploads a batch; call inside a tidy. */
export function toTensors<Name extends string>(batch: Batch<Name>): BatchTensors<Name> {
  const columns: Record<string, Tensor> = {};
  for (const [name, rows] of Object.entries(batch.columns)) {
    columns[name] = tf.tensor(rows.values, [batch.size, ...rows.shape], rows.dtype);
  }
  const labels: Partial<Record<Name, LabelTensors>> = {};
  for (const name of batch.tasks) {
    const column = batch.labels[name];
    if (column) labels[name] = labelTensors(column, batch.size);
  }
  return { columns, labels };
}

/** Uploads one task's labels; call inside a tidy. */
export function labelTensors(labels: Labels, size: number): LabelTensors {
  const shape = [size, ...labels.shape];
  const values = tf.tensor(labels.values, shape, "float32");
  return labels.count === labels.values.length
    ? { values }
    : { values, present: tf.tensor(labels.present, shape, "bool") };
}

/**
 * Traced: encoder and model on one batch, with the scores' shapes checked.
 *
 * The encoder's prepared columns [size, …] in, the raw scores of the pass's tasks out.
 *
 * @throws POLYTASK_BROKEN_PART for scores that are missing or of another shape.
 */
export function scoresOf<Name extends string>(
  network: Network<Name>,
  columns: Readonly<Record<string, Tensor>>,
  size: number,
  pass: Pass<Name>,
): Outputs<Name> {
  const outputs = network.model.forward(network.encoder.encode(columns, pass), pass);
  for (const name of pass.tasks) {
    const scores = outputs[name];
    const { labelShape, units } = network.task[name];
    const expected = [size, ...labelShape, units];
    if (scores?.shape.join() !== expected.join()) {
      throw brokenPart(
        network.nameOf(network.model),
        `the scores of task "${name}" must have shape [${expected.join(", ")}]`,
        scores === undefined ? "forward returned none" : `got [${scores.shape.join(", ")}]`,
      );
    }
  }
  return outputs;
}

/**
 * Traced: the sum of a task's losses over its present labels, times `share` (one over their number, say).
 *
 * Scores [batch, ...labelShape, units] float32, labels [batch, ...labelShape] float32 and their `present` bool in.
 *
 * Missing labels are replaced before the loss, with `where` on scores and labels: 0·NaN is NaN, and so is its gradient.
 */
export function labelledLoss(
  task: Task,
  scores: Tensor,
  { values, present }: LabelTensors,
  share: number | Scalar,
): Scalar {
  if (!present) return tf.mul(tf.sum(task.loss(scores, values)), share);
  const { score } = task.neutral ?? { score: 0 };
  const everyScore = tf.broadcastTo(tf.expandDims(tf.cast(present, "int32"), -1), scores.shape);
  const safe = tf.where(tf.cast(everyScore, "bool"), scores, tf.fill(scores.shape, score));
  const losses = task.loss(safe, values);
  return tf.mul(tf.sum(tf.where(present, losses, tf.zerosLike(losses))), share);
}
