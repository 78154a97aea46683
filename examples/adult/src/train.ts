import { mmoe } from "@polytask/arch-mmoe";
import {
  binary,
  createTrainer,
  type Dataset,
  eager,
  type EnginePlugin,
  type ObserverPlugin,
  type PerTask,
  type Task,
} from "@polytask/core";
import { features } from "@polytask/features";
import { auc } from "@polytask/metrics";
import { adam, cosine } from "@polytask/optimizers";
import { type Adult, type AdultLabels, type AdultPart, CATEGORICAL, NUMERIC } from "./data.ts";

export type AdultTask = keyof AdultLabels;

export interface Budget {
  readonly epochs: number;
  /** At most so many, however many epochs. */
  readonly steps?: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Default: op by op on the tfjs backend in use. */
  readonly engine?: EnginePlugin<AdultTask>;
}

export const tasks: PerTask<AdultTask, Task> = {
  income: binary({ metrics: [auc()] }),
  neverMarried: binary({ metrics: [auc()] }),
  education: binary({ metrics: [auc()] }),
};

const encoder = features({
  numeric: NUMERIC,
  categorical: Object.fromEntries(CATEGORICAL.map((name) => [name, { dimension: 4 }])),
});

/** Trains one MMoE on the publisher's training part: the AUC of each task on the test part. */
export async function train(
  { train, test }: Adult,
  seed: number,
  { learningRate, engine = eager(), ...limits }: Budget,
  observers: readonly ObserverPlugin<AdultTask>[] = [],
): Promise<PerTask<AdultTask, number>> {
  const steps = limits.epochs * Math.ceil(train.labels.income.length / limits.batchSize);
  await using trainer = await createTrainer(
    tasks,
    {
      encoder: await encoder.fit(dataset(train)),
      architecture: mmoe({ experts: 4, hidden: [32], towers: [16] }),
      optimizer: adam({ learningRate: cosine({ peak: learningRate, total: steps }) }),
      engine,
      observers,
    },
    { seed },
  );
  await trainer.fit(dataset(train), limits);
  const { metrics } = await trainer.evaluate(dataset(test));
  const aucOf = (task: AdultTask): number => metrics[task]?.["auc"] ?? NaN;
  return {
    income: aucOf("income"),
    neverMarried: aucOf("neverMarried"),
    education: aucOf("education"),
  };
}

function dataset({ inputs, labels }: AdultPart): Dataset<AdultTask> {
  return { inputs: { ...inputs }, labels: { ...labels } };
}
