import type { Batch } from "./batch.ts";
import type { StepInfo } from "./engine.ts";
import type { Progress, Run } from "./progress.ts";
import type { Reducer } from "./reducer.ts";
import type { StepReport } from "./report.ts";
import type { Source } from "./source.ts";
import type { SomeTasks } from "./tasks.ts";

/** One step: a batch of every data set the sampler names, one update. On an error nothing has moved. */
export async function takeStep<Name extends string>(
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
