import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import type { Labels } from "./batch.ts";
import { batchesOf, type Examples } from "./examples.ts";
import { labelledLoss, labelTensors } from "./losses.ts";
import type { StepPlace } from "./pass.ts";
import type { Evaluation } from "./report.ts";
import type { MetricAccumulator, Task } from "./tasks.ts";
import type { Wired } from "./wire.ts";

/** What is measured of one task while batches go by. */
interface Tally {
  lossSum: number;
  labels: number;
  readonly metrics: ReadonlyMap<string, MetricAccumulator>;
}

/** Mean loss and metrics over all labelled examples, with `training` off. */
export async function evaluate<Name extends string>(
  { network, engine }: Pick<Wired<Name>, "network" | "engine">,
  examples: Examples<Name>,
  place: StepPlace,
  batchSize: number,
): Promise<Evaluation<Name>> {
  const tallies = new Map<Name, Tally>(
    examples.tasks.map((name) => [
      name,
      {
        lossSum: 0,
        labels: 0,
        metrics: new Map(network.task[name].metrics.map((m) => [m.name, m.create()])),
      },
    ]),
  );
  for (const batch of batchesOf(examples, batchSize)) {
    const scores = await engine.scores(batch, place);
    try {
      for (const [name, tally] of tallies) {
        const labels = batch.labels[name];
        if (scores[name] && labels && labels.count > 0) {
          await measure(network.task[name], scores[name], labels, tally);
        }
      }
    } finally {
      tf.dispose(Object.values(scores) as Tensor[]);
    }
  }
  const measured = [...tallies].filter(([, { labels }]) => labels > 0);
  return {
    losses: Object.fromEntries(
      measured.map(([name, { lossSum, labels }]) => [name, lossSum / labels]),
    ) as Evaluation<Name>["losses"],
    metrics: Object.fromEntries(
      measured.map(([name, { metrics }]) => [
        name,
        Object.fromEntries([...metrics].map(([metric, running]) => [metric, running.value()])),
      ]),
    ) as Evaluation<Name>["metrics"],
  };
}

async function measure(task: Task, scores: Tensor, labels: Labels, tally: Tally): Promise<void> {
  const { present, values, count } = labels;
  const [sum, predictions] = tf.tidy(() => {
    const tensors = labelTensors(labels, scores.shape[0]);
    return [labelledLoss(task, scores, tensors, 1), task.link(scores)];
  });
  const width = predictions.size / values.length;
  try {
    tally.lossSum += (await sum.data())[0];
    tally.labels += count;
    if (tally.metrics.size === 0) return;
    const all = (await predictions.data()) as Float32Array;
    const kept = new Float32Array(count * width);
    const wanted = new Float32Array(count);
    let next = 0;
    for (let i = 0; i < values.length; i++) {
      if (!present[i]) continue;
      kept.set(all.subarray(i * width, (i + 1) * width), next * width);
      wanted[next++] = values[i];
    }
    for (const metric of tally.metrics.values()) metric.update(kept, wanted, width);
  } finally {
    tf.dispose([sum, predictions]);
  }
}
