import type { Matrix } from "./matrix.ts";
import type { TrainerState } from "./state.ts";
import type { SomeTasks } from "./tasks.ts";

/** What one step did. */
export interface StepReport<Name extends string = string> {
  /** 0-based number of the step over the trainer's life. */
  readonly step: number;
  /** 0-based number of the epoch. */
  readonly epoch: number;
  /** Steps in this epoch, and the place of this one in it (0-based). */
  readonly stepsInEpoch: number;
  readonly stepInEpoch: number;
  /** Tasks with at least one label in this step, in the trainer's order. */
  readonly present: readonly Name[];
  /** Labels per present task. */
  readonly counts: SomeTasks<Name, number>;
  /** Raw loss per present task: the mean over its labels. */
  readonly losses: SomeTasks<Name, number>;
  /** Effective weight c_k per present task. */
  readonly weights: SomeTasks<Name, number>;
  /** G of the weighted losses before surgery, rows in the order of `present`; when asked for or needed by surgery. */
  readonly gramian?: Matrix;
  /** ‖∇_W L_k‖₂ of raw losses at the last shared layer, per present task; when asked for. */
  readonly lastSharedNorms?: SomeTasks<Name, number>;
  /** Learning rate of the step. */
  readonly rate: number;
  /** Milliseconds from the first forward to the last assignment. */
  readonly milliseconds: number;
}

/** What one epoch did. */
export interface EpochReport<Name extends string = string> {
  readonly epoch: number;
  readonly step: number;
  /** Mean raw loss over the epoch's labels, per task that had any. */
  readonly losses: SomeTasks<Name, number>;
  /** Losses and metrics on the validation data, where `fit` has some. */
  readonly validation?: Evaluation<Name>;
  readonly milliseconds: number;
  /** The trainer's state at this point, as `trainer.state()` gives it. */
  readonly state: () => Promise<TrainerState>;
}

/** What `evaluate` finds: the loss and the metrics of every task that has labels. */
export interface Evaluation<Name extends string = string> {
  readonly losses: SomeTasks<Name, number>;
  readonly metrics: SomeTasks<Name, Readonly<Record<string, number>>>;
}
