import type { Batch } from "./batch.ts";
import type { Applied, StepInfo } from "./engine.ts";
import type { Stateful } from "./plugin.ts";
import type { Progress, Run } from "./progress.ts";
import type { Reducer } from "./reducer.ts";
import type { StepReport } from "./report.ts";
import type { Source } from "./source.ts";
import type { SomeTasks } from "./tasks.ts";

/**
 * One step: a batch of every data set the sampler names, one update.
 *
 * An error before the update leaves everything as it was: variables, streams, data positions, host state. One after it
 * (a part that throws in `observe`) leaves the step taken.
 */
export async function takeStep<Name extends string>(
  run: Run<Name>,
  sources: readonly Source<Name>[],
  stepsInEpoch: number,
): Promise<StepReport<Name>> {
  const { wired, progress, clock } = run;
  const { network, engine, sampler } = wired;
  const start = clock();
  const rollBack = remember(run, sources);
  let taken: { readonly info: StepInfo; readonly applied: Applied<Name> };
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
    taken = { info, applied: await engine.apply(info) };
  } catch (error) {
    engine.discard();
    rollBack();
    throw error;
  }
  const { info, applied } = taken;
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
  advance(progress, sources, report);
  await network.weighting.observe?.(report);
  return report;
}

/** Notes what a step moves on the host before its update; the function returned puts it back. */
function remember<Name extends string>(
  { wired, root }: Run<Name>,
  sources: readonly Source<Name>[],
): () => void {
  const streams = [...root.streams].map(([name, stream]) => [name, stream.state()] as const);
  const places = sources.map((source) => source.place());
  const parts = [...wired.network.surgeries, wired.sampler].map(
    (part: Stateful) => [part, part.state?.()] as const,
  );
  return () => {
    for (const [name, state] of streams) root.random(name).restore(state);
    for (const [part, state] of parts) if (state !== undefined) part.restore?.(state);
    sources.forEach((source, i) => {
      source.moveTo(places[i]);
    });
  };
}

async function countLabels<Name extends string>(
  reducer: Reducer,
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
