import type { Batch } from "./batch.ts";
import type { Dataset, PartialDataset } from "./data.ts";
import type { StepInfo } from "./engine.ts";
import { badData, badOption } from "./errors.ts";
import { evaluate } from "./evaluate.ts";
import { type Examples, readDataset } from "./examples.ts";
import type { FitSummary, StopReason } from "./observer.ts";
import type { EpochReport, StepReport } from "./report.ts";
import type { Clock, RootScope } from "./scope.ts";
import { openSource, type Source } from "./source.ts";
import type { DataState, TrainerState } from "./state.ts";
import type { SomeTasks } from "./tasks.ts";
import type { FitOptions } from "./trainer.ts";
import type { Wired } from "./wire.ts";

/** How far a trainer has come: shared by `fit`, `state` and `restore`. */
export interface Progress {
  step: number;
  epoch: number;
  data: DataState;
}

export const startProgress = (): Progress => ({
  step: 0,
  epoch: 0,
  data: { stepInEpoch: 0, sources: [], epochSums: {} },
});

/** What `fit` works with. */
export interface Run<Name extends string> {
  readonly wired: Wired<Name>;
  readonly root: RootScope<Name>;
  readonly progress: Progress;
  readonly clock: Clock;
  readonly state: () => Promise<TrainerState>;
}

/** How long steps may run before other work of the process gets a turn (an abort's timer, a server's request). */
const TURN_MS = 20;

/** Trains until the wanted epochs or steps are reached, an observer says stop, or the signal aborts. */
export async function fit<Name extends string>(
  run: Run<Name>,
  data: Dataset<Name> | readonly PartialDataset<Name>[],
  options: FitOptions<Name>,
): Promise<FitSummary<Name>> {
  checkOptions(options);
  const { wired, progress, clock } = run;
  const { observers } = wired;
  const { signal } = options;
  const sources = await openSources(run, isList(data) ? data : [data], options);
  const validation =
    options.validation && (await readDataset(wired.network, options.validation, "fit, validation"));
  const stepsInEpoch = wired.sampler.steps(sources.map(({ info }) => info));
  const lastEpoch = options.epochs ?? Infinity;
  const lastStep = options.steps ?? Infinity;
  const epochs: EpochReport<Name>[] = [];
  let epochStart = clock();
  let turnStart = clock();

  const summary = (stopped: StopReason): FitSummary<Name> => ({
    stopped,
    step: progress.step,
    epoch: progress.epoch,
    epochs,
  });
  observers.forEach((observer) =>
    observer.start?.({
      step: progress.step,
      epoch: progress.epoch,
      epochs: lastEpoch,
      stepsInEpoch,
    }),
  );
  try {
    for (;;) {
      if (progress.epoch >= lastEpoch) return summary("epochs");
      if (progress.step >= lastStep) return summary("steps");
      if (signal?.aborted) return summary("abort");

      const report = await takeStep(run, sources, stepsInEpoch);
      let stop = tell(observers.map((observer) => observer.step?.(report)));
      if (progress.data.stepInEpoch === stepsInEpoch) {
        const epochReport = await closeEpoch(run, validation, clock() - epochStart);
        epochs.push(epochReport);
        for (const observer of observers) {
          stop = tell([await observer.epoch?.(epochReport)]) || stop;
        }
        epochStart = clock();
      }
      if (stop) return summary("observer");
      if (clock() - turnStart > TURN_MS) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        turnStart = clock();
      }
    }
  } finally {
    observers.forEach((observer) => observer.end?.());
  }
}

const isList = <T>(value: T | readonly T[]): value is readonly T[] => Array.isArray(value);

const tell = (answers: readonly unknown[]): boolean => answers.includes("stop");

/** One step: a batch of every data set the sampler names, one update. On an error nothing has moved. */
async function takeStep<Name extends string>(
  run: Run<Name>,
  sources: readonly Source<Name>[],
  stepsInEpoch: number,
): Promise<StepReport<Name>> {
  const { wired, root, progress, clock } = run;
  const { network, engine, sampler } = wired;
  const start = clock();
  const before = [...root.streams].map(([name, stream]) => [name, stream.state()] as const);
  const places = sources.map((source) => source.place());
  try {
    const chosen = sampler.next(
      sources.map(({ info }) => info),
      progress,
    );
    const batches = chosen.map((index) => sources[index].next());
    const info: StepInfo = {
      step: progress.step,
      epoch: progress.epoch,
      counts: await countLabels(network.reducer, network.tasks, batches),
      groups: batches.length,
    };
    for (const batch of batches) await engine.gather(batch, info);
    const applied = await engine.apply(info);
    const present = network.tasks.filter((_, k) => info.counts[k] > 0);
    const report: StepReport<Name> = {
      ...applied,
      step: info.step,
      epoch: info.epoch,
      stepsInEpoch,
      stepInEpoch: progress.data.stepInEpoch,
      present,
      counts: Object.fromEntries(
        present.map((name) => [name, info.counts[network.tasks.indexOf(name)]]),
      ) as SomeTasks<Name, number>,
      milliseconds: clock() - start,
    };
    await network.weighting.observe?.(report);
    advance(progress, sources, report);
    return report;
  } catch (error) {
    engine.discard();
    for (const [name, state] of before) root.random(name).restore(state);
    sources.forEach((source, i) => {
      source.moveTo(places[i]);
    });
    throw error;
  }
}

async function countLabels<Name extends string>(
  reducer: Wired<Name>["network"]["reducer"],
  tasks: readonly Name[],
  batches: readonly Batch<Name>[],
): Promise<number[]> {
  const counts = tasks.map((name) =>
    batches.reduce((sum, batch) => sum + (batch.labels[name]?.count ?? 0), 0),
  );
  return reducer.size === 1 ? counts : Array.from(await reducer.sum(Float32Array.from(counts)));
}

function advance<Name extends string>(
  progress: Progress,
  sources: readonly Source<Name>[],
  report: StepReport<Name>,
): void {
  const epochSums = { ...progress.data.epochSums };
  for (const name of report.present) {
    const { loss, labels } = epochSums[name] ?? { loss: 0, labels: 0 };
    const count = report.counts[name] ?? 0;
    epochSums[name] = { loss: loss + (report.losses[name] ?? 0) * count, labels: labels + count };
  }
  progress.step++;
  progress.data = {
    stepInEpoch: progress.data.stepInEpoch + 1,
    sources: sources.map((source) => source.place()),
    epochSums,
  };
}

async function closeEpoch<Name extends string>(
  run: Run<Name>,
  validation: Examples<Name> | undefined,
  milliseconds: number,
): Promise<EpochReport<Name>> {
  const { wired, progress, state } = run;
  const losses = Object.fromEntries(
    Object.entries(progress.data.epochSums).map(([name, { loss, labels }]) => [
      name,
      loss / labels,
    ]),
  ) as SomeTasks<Name, number>;
  const epoch = progress.epoch++;
  progress.data = { ...progress.data, stepInEpoch: 0, epochSums: {} };
  const report: EpochReport<Name> = {
    epoch,
    step: progress.step,
    losses,
    ...(validation && { validation: await evaluate(wired, validation, progress, 1024) }),
    milliseconds,
    state,
  };
  wired.network.weighting.observeEpoch?.(report);
  wired.sampler.observeEpoch?.(report);
  return report;
}

async function openSources<Name extends string>(
  { wired, root, progress }: Run<Name>,
  data: readonly PartialDataset<Name>[],
  options: FitOptions<Name>,
): Promise<Source<Name>[]> {
  if (data.length === 0) {
    throw badData("fit", "needs at least one data set", "got none");
  }
  const all: Examples<Name>[] = [];
  for (const [index, dataset] of data.entries()) {
    const who = data.length === 1 ? "fit" : `fit, data set ${index}`;
    all.push(await readDataset(wired.network, dataset, who));
  }
  const unlabelled = wired.network.tasks.find(
    (name) => !all.some(({ tasks }) => tasks.includes(name)),
  );
  if (unlabelled !== undefined) {
    throw badData(
      "fit",
      "every task must have labels in some data set",
      `"${unlabelled}" has none`,
    );
  }
  const sources = all.map((examples, index) =>
    openSource(examples, {
      batchSize: data[index].batchSize ?? options.batchSize ?? 256,
      shuffle: options.shuffle ?? true,
      random: root.random(`data/${index}`),
    }),
  );
  resume(progress, sources);
  return sources;
}

/** Goes on where the last run stood, if these are data of the same size read in the same batches. */
function resume<Name extends string>(progress: Progress, sources: readonly Source<Name>[]): void {
  const { sources: places } = progress.data;
  const same =
    places.length === sources.length &&
    sources.every((source, i) => {
      const { rows, batchSize } = source.place();
      return rows === places[i].rows && batchSize === places[i].batchSize;
    });
  if (same) {
    sources.forEach((source, i) => {
      source.moveTo(places[i]);
    });
  } else {
    progress.data = { stepInEpoch: 0, sources: [], epochSums: {} };
  }
}

function checkOptions<Name extends string>({ epochs, steps, batchSize }: FitOptions<Name>): void {
  if (epochs === undefined && steps === undefined) {
    throw badOption("fit", "epochs", "given, or `steps` instead", undefined);
  }
  for (const [name, value] of Object.entries({ epochs, steps })) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 0)) {
      throw badOption("fit", name, "a whole number of at least 0", value);
    }
  }
  if (batchSize !== undefined && !(Number.isInteger(batchSize) && batchSize > 0)) {
    throw badOption("fit", "batchSize", "a whole number of at least 1", batchSize);
  }
}
