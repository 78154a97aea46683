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
  readonly state: () => Promise<TrainerState>;
}
