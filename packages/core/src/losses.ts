import * as tf from "@tensorflow/tfjs";
import type { Scalar, Tensor } from "@tensorflow/tfjs";
import type { Batch } from "./batch.ts";
import { brokenPart } from "./errors.ts";
import type { Outputs } from "./architecture.ts";
import type { Network } from "./network.ts";
import type { Pass } from "./pass.ts";
import type { Task } from "./tasks.ts";

/** A batch as tensors. */
export interface BatchTensors<Name extends string> {
  readonly columns: Readonly<Record<string, Tensor>>;
  readonly labels: { readonly [N in Name]?: { readonly values: Tensor; readonly present: Tensor } };
}

/** Uploads a batch; call inside a tidy. */
export function toTensors<Name extends string>(batch: Batch<Name>): BatchTensors<Name> {
  const columns: Record<string, Tensor> = {};
  for (const [name, rows] of Object.entries(batch.columns)) {
    columns[name] = tf.tensor(rows.values, [batch.size, ...rows.shape], rows.dtype);
  }
  const labels: { [N in Name]?: { values: Tensor; present: Tensor } } = {};
  for (const name of batch.tasks) {
    const column = batch.labels[name];
    if (column === undefined) continue;
    const shape = [batch.size, ...column.shape];
    labels[name] = {
      values: tf.tensor(column.values, shape, "float32"),
      present: tf.tensor(column.present, shape, "bool"),
    };
  }
  return { columns, labels };
}

/** Encoder and model on one batch, with the scores' shapes checked. */
export function scoresOf<Name extends string>(
  network: Network<Name>,
  tensors: BatchTensors<Name>,
  size: number,
  pass: Pass<Name>,
): Outputs<Name> {
  const outputs = network.model.forward(network.encoder.encode(tensors.columns, pass), pass);
  for (const name of pass.tasks) {
    const scores = outputs[name];
    const { labelShape, units } = network.task[name];
    const expected = [size, ...labelShape, units];
    if (scores?.shape.join() !== expected.join()) {
      throw brokenPart(
        "architecture",
        `the scores of task "${name}" must have shape [${expected.join(", ")}]`,
        scores === undefined ? "forward returned none" : `got [${scores.shape.join(", ")}]`,
      );
    }
  }
  return outputs;
}

/**
 * The sum of a task's losses over its present labels, times `share`.
 *
 * Missing labels are replaced before the loss, with `where` on scores and labels: 0·NaN is NaN, and so is its gradient.
 */
export function labelledLoss(
  task: Task,
  scores: Tensor,
  labels: { readonly values: Tensor; readonly present: Tensor },
  share: number,
): Scalar {
  const { score } = task.neutral ?? { score: 0 };
  const everyScore = tf.broadcastTo(tf.expandDims(tf.cast(labels.present, "int32"), -1), scores.shape);
  const safe = tf.where(tf.cast(everyScore, "bool"), scores, tf.fill(scores.shape, score));
  const losses = task.loss(safe, labels.values);
  const present = tf.where(labels.present, losses, tf.zerosLike(losses));
  return tf.mul(tf.sum(present), share);
}
