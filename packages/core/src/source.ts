import type { Batch } from "./batch.ts";
import { type Examples, takeBatch } from "./examples.ts";
import type { Random } from "./random.ts";
import type { SourceInfo } from "./sampler.ts";

/** Where the reading of one data set stands. */
export interface SourcePlace {
  readonly rows: number;
  readonly batchSize: number;
  /** The shuffling stream before the order in use was drawn. */
  readonly shuffle: readonly number[];
  /** Rows of that order already read. */
  readonly used: number;
}

/** A data set that never runs out: after the last row it starts again in a new order. */
export interface Source<Name extends string> {
  readonly info: SourceInfo<Name>;
  readonly next: () => Batch<Name>;
  readonly place: () => SourcePlace;
  readonly moveTo: (place: SourcePlace) => void;
}

export function openSource<Name extends string>(
  examples: Examples<Name>,
  options: { readonly batchSize: number; readonly shuffle: boolean; readonly random: Random },
): Source<Name> {
  const { batchSize, shuffle, random } = options;
  const { rows, tasks } = examples;
  let before = random.state();
  /** Absent where the data are read as they lie. */
  let order: Uint32Array | undefined;
  let used = 0;
  const begin = (): void => {
    before = random.state();
    used = 0;
    if (shuffle) order = random.permutation(rows);
  };
  return {
    info: { tasks, rows, batches: Math.ceil(rows / batchSize) },
    next: () => {
      if (used === 0 || used >= rows) begin();
      const start = used;
      used = Math.min(start + batchSize, rows);
      return takeBatch(examples, order?.subarray(start, used) ?? { begin: start, end: used });
    },
    place: () => ({ rows, batchSize, shuffle: before, used }),
    moveTo: (place) => {
      random.restore(place.shuffle);
      before = place.shuffle;
      if (place.used > 0) begin();
      used = place.used;
    },
  };
}
