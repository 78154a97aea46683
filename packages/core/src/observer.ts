import type { Plugin, Stateful } from "./plugin.ts";
import type { EpochReport, StepReport } from "./report.ts";
import type { Scope } from "./scope.ts";

/** How far `fit` will go. */
export interface FitPlan {
  /** The first step and epoch that this call will run, 0-based. */
  readonly step: number;
  readonly epoch: number;
  /** Where it will end: Infinity where `fit` names no such end. */
  readonly epochs: number;
  readonly steps: number;
  readonly stepsInEpoch: number;
}

/** Why `fit` came back. */
export type StopReason = "epochs" | "steps" | "observer" | "abort";

/** What `fit` returns. */
export interface FitSummary<Name extends string = string> {
  readonly stopped: StopReason;
  /** Steps and epochs completed over the trainer's life. */
  readonly step: number;
  readonly epoch: number;
  /** The epochs of this call. */
  readonly epochs: readonly EpochReport<Name>[];
}

/** Watches a run. It changes nothing; it may ask for an end by returning "stop". */
export interface Observer<Name extends string = string> extends Stateful {
  readonly start?: (plan: FitPlan) => void;
  readonly step?: (report: StepReport<Name>) => "stop" | undefined | void;
  readonly epoch?: (
    report: EpochReport<Name>,
  ) => "stop" | undefined | void | Promise<"stop" | undefined | void>;
  /** Also runs after an error or an abort. */
  readonly end?: () => void;
}

export type ObserverPlugin<Name extends string = string> = Plugin<
  "observer",
  Observer<Name>,
  Scope<Name>
>;
