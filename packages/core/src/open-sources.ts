import type { PartialDataset } from "./data.ts";
import { badData } from "./errors.ts";
import { type Examples, readDataset } from "./examples.ts";
import type { Progress, Run } from "./progress.ts";
import { openSource, type Source } from "./source.ts";
import type { FitOptions } from "./trainer.ts";

/** Reads all data sets of a `fit`, and goes on where the last one stood if these are the same. */
export async function openSources<Name extends string>(
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
