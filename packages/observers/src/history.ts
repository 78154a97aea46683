import {
  badOption,
  CONTRACT,
  type EpochReport,
  type ObserverPlugin,
  type StepReport,
} from "@polytask/core";

/** Anything with a `push`, first of all an array. */
export interface Sink<Value> {
  readonly push: (value: Value) => unknown;
}

/** Where reports go. */
export interface HistoryTargets<Name extends string = string> {
  readonly steps?: Sink<StepReport<Name>>;
  readonly epochs?: Sink<EpochReport<Name>>;
}

/**
 * Keeps the reports of a run: `history(epochs)`, or `history({ steps, epochs })`.
 *
 * Reports are appended as they come, over several calls of `fit` too. An epoch's `state()` gives the trainer's state at
 * the time of the call, not of the epoch.
 *
 * @throws POLYTASK_OPTION for something that cannot be pushed to.
 */
export function history<Name extends string>(
  into: Sink<EpochReport<NoInfer<Name>>> | HistoryTargets<NoInfer<Name>>,
): ObserverPlugin<Name> {
  const { steps, epochs }: HistoryTargets<Name> = "push" in into ? { epochs: into } : into;
  for (const [option, sink] of Object.entries({ steps, epochs })) {
    if (sink !== undefined && typeof sink.push !== "function") {
      throw badOption("history", option, "an array", sink);
    }
  }
  return {
    kind: "observer",
    name: "history",
    contract: CONTRACT,
    create: () => ({
      step: (report) => {
        steps?.push(report);
      },
      epoch: (report) => {
        epochs?.push(report);
      },
    }),
  };
}
