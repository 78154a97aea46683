import type { EngineState } from "./engine.ts";
import type { State } from "./plugin.ts";
import type { SourcePlace } from "./source.ts";

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
  readonly data: DataState;
}

/** Where the reading of the data stands, in the middle of an epoch too. */
export interface DataState {
  readonly stepInEpoch: number;
  readonly sources: readonly SourcePlace[];
  /** Sums for the epoch's mean losses, by task. */
  readonly epochSums: Readonly<Record<string, { readonly loss: number; readonly labels: number }>>;
}
