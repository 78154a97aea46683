import type { Lock } from "./lock.ts";
import type { Clock, RootScope } from "./scope.ts";
import type { DataState, TrainerState } from "./state.ts";
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
  /** Held by a step, and by whoever reads the state between two. */
  readonly lock: Lock;
  readonly state: () => Promise<TrainerState>;
}
