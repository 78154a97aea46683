import type { Tensor } from "@tensorflow/tfjs";
import type { Batch } from "./batch.ts";
import type { Network } from "./network.ts";
import type { Matrix } from "./matrix.ts";
import type { StepPlace } from "./pass.ts";
import type { Capability, Plugin } from "./plugin.ts";
import type { Scope } from "./scope.ts";
import type { SomeTasks } from "./tasks.ts";

/** What all groups of one step have in common; known before the first of them is gathered. */
export interface StepInfo extends StepPlace {
  /** Labels per task, over all groups and processes, in the order of the tasks. */
  readonly counts: readonly number[];
  /** How many groups the step gathers in this process. */
  readonly groups: number;
}

/** What `apply` did. */
export interface Applied<Name extends string = string> {
  readonly losses: SomeTasks<Name, number>;
  readonly weights: SomeTasks<Name, number>;
  readonly gramian?: Matrix;
  readonly lastSharedNorms?: SomeTasks<Name, number>;
  readonly rate: number;
}

/**
 * Executes the step: several `gather`s, one `apply`.
 *
 * The variables are the trainer's: an engine starts from their values when it is made, and the core, which disposes
 * them, assigns them only before a `load`.
 */
export interface Engine<Name extends string = string> {
  /** Optional abilities; parts that need others are refused while wiring. */
  readonly offers: readonly Capability[];
  /** Adds a group's losses, and its rows of J where they are needed. Changes no variable. */
  readonly gather: (batch: Batch<Name>, info: StepInfo) => void | Promise<void>;
  /** Weighting, surgery, clipping, optimizer, proximal steps, collected assignments. */
  readonly apply: (info: StepInfo) => Promise<Applied<Name>>;
  /** Drops what was gathered, after an error. */
  readonly discard: () => void;
  /** Scores of the batch's tasks with `training` off; tensors the caller disposes. May be asked for during a step. */
  readonly scores: (
    batch: Batch<Name>,
    place: StepPlace,
  ) => SomeTasks<Name, Tensor> | Promise<SomeTasks<Name, Tensor>>;
  /**
   * Writes what the engine holds into the network's variables (parameters, extras, buffers). For an engine that keeps
   * values elsewhere between steps: within a `fit` the variables may then lag behind. The core calls it between two
   * steps, before it reads them for a state, and at the end of `fit`, also after an error.
   */
  readonly flush?: () => void | Promise<void>;
  /** Optimizer slots and counts, by name. */
  readonly save: () => Promise<EngineState>;
  /** Called when the network's variables have been assigned: an engine that holds values of its own reads them anew. */
  readonly load: (state: EngineState) => void | Promise<void>;
  readonly dispose: () => void;
}

/** The optimizer's part of a saved trainer. */
export interface EngineState {
  readonly tensors: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly values: Float32Array }>
  >;
  readonly counts: Readonly<Record<string, number>>;
}

/** What an engine is made of. `eager().create(scope)` on the same scope makes an engine to fall back on. */
export interface EngineScope<Name extends string = string> extends Scope<Name> {
  readonly network: Network<Name>;
}

export type EnginePlugin<Name extends string = string> = Plugin<
  "engine",
  Engine<Name>,
  EngineScope<Name>
>;
