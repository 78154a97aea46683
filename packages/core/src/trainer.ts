import type { Tensor } from "@tensorflow/tfjs";
import type { Column, Columns, Dataset, PartialDataset } from "./data.ts";
import type { FitSummary } from "./observer.ts";
import type { Evaluation } from "./report.ts";
import type { Container } from "./scope.ts";
import type { TrainerState } from "./state.ts";
import type { PerTask } from "./tasks.ts";

export interface FitOptions<Name extends string = string> {
  /** Train until the trainer has completed this many epochs over its life. Give `epochs`, `steps`, or both. */
  readonly epochs?: number;
  /** Train until the trainer has taken this many steps over its life. */
  readonly steps?: number;
  /** Examples per batch. Default 256. */
  readonly batchSize?: number;
  /** Default true. */
  readonly shuffle?: boolean;
  /** Evaluated after every epoch. */
  readonly validation?: PartialDataset<Name>;
  /** An abort lets the step in progress finish, then `fit` returns with `stopped: "abort"`. */
  readonly signal?: AbortSignal;
}

export interface EvaluateOptions {
  /** Examples per forward pass. Default 1024. */
  readonly batchSize?: number;
}

export interface PredictOptions<Wanted extends string = string> extends EvaluateOptions {
  /** Default: all tasks. */
  readonly tasks?: readonly Wanted[];
}

/** A trainer's parameters by owner. */
export interface Summary {
  readonly rows: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly size: number;
    /** The part it belongs to. */
    readonly part: string;
    /** "shared", or the one task that owns it. */
    readonly owner: string;
    readonly tasks: readonly string[];
  }[];
  readonly shared: number;
  readonly own: Readonly<Record<string, number>>;
  readonly total: number;
  /** The same as a table, for people. */
  readonly toString: () => string;
}

/** One network, trained on several tasks. */
export interface Trainer<Name extends string> extends AsyncDisposable {
  readonly tasks: readonly Name[];
  /** Steps and epochs completed. */
  readonly step: number;
  readonly epoch: number;
  /** Trains on one data set, or on several that carry different tasks; together they have labels for every task. */
  readonly fit: (
    data: Dataset<Name> | readonly PartialDataset<Name>[],
    options: FitOptions<Name>,
  ) => Promise<FitSummary<Name>>;
  readonly evaluate: (
    data: PartialDataset<Name>,
    options?: EvaluateOptions,
  ) => Promise<Evaluation<Name>>;
  /**
   * Predictions of all examples: per task [rows × units], through the task's `link`. Tensors are the caller's to
   * dispose.
   */
  readonly predict: {
    <Wanted extends Name = Name>(
      inputs: Column | Columns,
      options?: PredictOptions<Wanted> & { readonly as?: "array" },
    ): Promise<PerTask<Wanted, Float32Array>>;
    <Wanted extends Name = Name>(
      inputs: Column | Columns,
      options: PredictOptions<Wanted> & { readonly as: "tensor" },
    ): Promise<PerTask<Wanted, Tensor>>;
  };
  readonly summary: () => Summary;
  readonly state: () => Promise<TrainerState>;
  /** @throws POLYTASK_STATE for a state of other tasks, parameters or parts; nothing is changed then. */
  readonly restore: (state: TrainerState) => Promise<void>;
  /** Frees every tensor. Idempotent. */
  readonly dispose: () => Promise<void>;
}

export interface TrainerOptions {
  /** Seed of all random streams. Default 0. */
  readonly seed?: number;
  /** A host application's own tsyringe container. */
  readonly container?: Container;
}
