import type { StepPlace } from "./pass.ts";
import { CONTRACT, type Plugin, type Stateful } from "./plugin.ts";
import type { EpochReport } from "./report.ts";
import type { Scope } from "./scope.ts";

/** What a sampler knows of one data set. */
export interface SourceInfo<Name extends string = string> {
  readonly tasks: readonly Name[];
  readonly rows: number;
  /** Batches that read every row once. */
  readonly batches: number;
}

/** Decides which data sets give a batch to each step. A data set that runs out starts again, reshuffled. */
export interface Sampler<Name extends string = string> extends Stateful {
  /** Steps in an epoch. */
  readonly steps: (sources: readonly SourceInfo<Name>[]) => number;
  /** Indices of the data sets gathered before the next update. */
  readonly next: (sources: readonly SourceInfo<Name>[], place: StepPlace) => readonly number[];
  /** Host side, after each epoch: for samplers that are led by losses or metrics. */
  readonly observeEpoch?: (report: EpochReport<Name>) => void;
}

export type SamplerPlugin<Name extends string = string> = Plugin<
  "sampler",
  Sampler<Name>,
  Scope<Name>
>;

/** One batch of every data set in every step; an epoch reads the longest once. The identity of samplers, and the default. */
export function joint<Name extends string>(): SamplerPlugin<Name> {
  return {
    kind: "sampler",
    name: "sampler-joint",
    contract: CONTRACT,
    create: () => ({
      steps: (sources) => Math.max(...sources.map(({ batches }) => batches)),
      next: (sources) => sources.map((_, index) => index),
    }),
  };
}
