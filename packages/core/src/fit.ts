import type { Dataset, PartialDataset } from "./data.ts";
import { badOption } from "./errors.ts";
import { evaluate } from "./evaluate.ts";
import { type Examples, readDataset } from "./examples.ts";
import type { FitSummary, StopReason } from "./observer.ts";
import { openSources } from "./open-sources.ts";
import type { Run } from "./progress.ts";
import type { EpochReport } from "./report.ts";
import { takeStep } from "./step.ts";
import type { SomeTasks } from "./tasks.ts";
import type { FitOptions } from "./trainer.ts";

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
      steps: lastStep,
      stepsInEpoch,
    }),
  );
  try {
    for (;;) {
      if (progress.epoch >= lastEpoch) return summary("epochs");
      if (progress.step >= lastStep) return summary("steps");
      if (signal?.aborted) return summary("abort");

      const report = await run.lock(() => takeStep(run, sources, stepsInEpoch));
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
        await nextTurn();
        turnStart = clock();
      }
    }
  } finally {
    try {
      // Under the lock: a state that was asked for may still be reading.
      await run.lock(async () => wired.engine.flush?.());
    } finally {
      observers.forEach((observer) => observer.end?.());
    }
  }
}

/** Lets timers, sockets and aborts have their turn: by the quickest way there is in Node, and by that of browsers. */
const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof setImmediate === "function") {
      setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener(
      "message",
      () => {
        port1.close();
        resolve();
      },
      { once: true },
    );
    port1.start();
    port2.postMessage(null);
  });

const isList = <T>(value: T | readonly T[]): value is readonly T[] => Array.isArray(value);

const tell = (answers: readonly unknown[]): boolean => answers.includes("stop");

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
