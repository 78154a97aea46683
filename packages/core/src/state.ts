import type { EngineState } from "./engine.ts";
import type { State } from "./plugin.ts";

/** A variable's value. */
export interface SavedTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/**
 * Everything a trainer has learnt and where it stands: plain data, fit for `structuredClone` and `v8.serialize`.
 *
 * A trainer restored from it goes on bit for bit as the one that was saved would have.
 */
export interface TrainerState {
  readonly version: 1;
  readonly tasks: readonly string[];
  readonly step: number;
  readonly epoch: number;
  readonly variables: Readonly<Record<string, SavedTensor>>;
  readonly engine: EngineState;
  /** Host-side state of parts, by part. */
  readonly parts: Readonly<Record<string, State>>;
  readonly random: Readonly<Record<string, readonly number[]>>;
  readonly data: DataState | null;
}

/** Where the reading of the data stands, in the middle of an epoch too. */
export interface DataState {
  readonly stepInEpoch: number;
  /** Per data set: the shuffling stream's state before the current order was drawn, and how many rows of it are used. */
  readonly sources: readonly { readonly shuffle: readonly number[]; readonly used: number }[];
  /** Sums for the epoch's mean losses. */
  readonly lossSums: Readonly<Record<string, number>>;
  readonly labelCounts: Readonly<Record<string, number>>;
}
