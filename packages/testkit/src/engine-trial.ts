import * as tf from "@tensorflow/tfjs";
import {
  CONTRACT,
  createTrainer,
  type Dataset,
  type EnginePlugin,
  type ObserverPlugin,
  type OptimizerPlugin,
  type PartialDataset,
  type Parts,
  type PerTask,
  type StepReport,
  type Task,
  type Trainer,
  type TrainerState,
} from "@polytask/core";

/** What two engines are compared on. */
export interface EngineTrial<Name extends string = string> {
  /** Makes the engine that is compared with the eager one. */
  readonly engine: () => EnginePlugin<Name>;
  readonly tasks: PerTask<Name, Task>;
  /** Makes the parts afresh. */
  readonly parts: () => Omit<Parts<Name>, "engine" | "optimizer">;
  readonly data: Dataset<Name> | readonly PartialDataset<Name>[];
  /** Default 8. */
  readonly batchSize?: number;
  /** How many steps are compared, each from one state. Default 6. */
  readonly steps?: number;
  readonly seed?: number;
  /** Default 1e-5. */
  readonly tolerance?: number;
}

/** A trainer of the trial, on one engine. */
export interface TrialRun<Name extends string> {
  readonly trainer: Trainer<Name>;
  /** Trains until so many steps are taken; the report of the last one, and the state after it. */
  readonly fitTo: (
    steps: number,
  ) => Promise<{ readonly report: StepReport<Name>; readonly state: TrainerState }>;
  readonly predict: () => Promise<Readonly<Record<string, Float32Array>>>;
}

/** Makes the trial's trainer, runs `body`, and disposes of it. */
export async function withTrial<Name extends string, Result>(
  trial: EngineTrial<Name>,
  engine: EnginePlugin<Name>,
  body: (run: TrialRun<Name>) => Promise<Result>,
): Promise<Result> {
  const reports: StepReport<Name>[] = [];
  const parts = trial.parts();
  await using trainer = await createTrainer<Name>(
    trial.tasks,
    {
      ...parts,
      observers: [...(parts.observers ?? []), watch(reports)],
      optimizer: keepsGradients,
      engine,
    },
    { seed: trial.seed ?? 0 },
  );
  const { batchSize = 8 } = trial;
  const data = [trial.data].flat() as readonly PartialDataset<Name>[];
  return await body({
    trainer,
    fitTo: async (steps) => {
      await trainer.fit(data, { steps, batchSize, shuffle: false });
      return { report: reports[reports.length - 1], state: await trainer.state() };
    },
    predict: () => trainer.predict(data[0].inputs, { batchSize }),
  });
}

/** The state at the end of a run that goes on in another trainer half-way. */
export async function stateAfter<Name extends string>(
  trial: EngineTrial<Name>,
  steps: number,
  [first, second]: readonly [EnginePlugin<Name>, EnginePlugin<Name>],
): Promise<TrainerState> {
  const half = await withTrial(trial, first, async ({ fitTo }) =>
    structuredClone((await fitTo(Math.ceil(steps / 2))).state),
  );
  return withTrial(trial, second, async ({ trainer, fitTo }) => {
    await trainer.restore(half);
    return (await fitTo(steps)).state;
  });
}

const watch = <Name extends string>(reports: StepReport<Name>[]): ObserverPlugin<Name> => ({
  kind: "observer",
  name: "observer-of-engines",
  contract: CONTRACT,
  create: () => ({ step: (report) => void reports.push(report) }),
});

/** p ← p − 0.05·g, and g is kept. Adam would turn rounding into steps, where a gradient cancels to it. */
export const keepsGradients: OptimizerPlugin = {
  kind: "optimizer",
  name: "keeps-gradients",
  contract: CONTRACT,
  create: () => ({
    slots: ["gradient"],
    rate: () => 0.05,
    scalars: ({ rate }) => [rate],
    update: (value, gradient, _slots, [rate]) => ({
      value: tf.sub(value, tf.mul(gradient, rate)),
      slots: [gradient],
    }),
  }),
};
