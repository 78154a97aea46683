import type { Tensor, Variable } from "@tensorflow/tfjs";

/** Where training stands: both numbers are 0-based. */
export interface StepPlace {
  readonly step: number;
  readonly epoch: number;
}

/**
 * What a step hands to traced code. Everything that varies from step to step enters here, or it would be frozen by a
 * trace: a step is a pure function of tensors. What does not vary is made inside `constant`.
 */
export interface Pass<Name extends string = string> {
  /** The tasks whose scores are wanted: those of this group of examples. */
  readonly tasks: readonly Name[];
  readonly training: boolean;
  /** Float32 noise, uniform in [0, 1) or N(0, 1); a step input, the same in every re-evaluation of the step. */
  readonly noise: (shape: readonly number[], law?: "uniform" | "normal") => Tensor;
  /**
   * Float32 values computed on the host, read before each step: weights, schedules, temperatures. One key, one value
   * a step; keys are the part's own.
   */
  readonly host: (
    key: string,
    shape: readonly number[],
    read: (at: StepPlace) => ArrayLike<number>,
  ) => Tensor;
  /** The same value, through which no gradient flows. */
  readonly detach: <T extends Tensor>(value: T) => T;
  /** Names an activation, for regularizers and reports; returns it. */
  readonly expose: <T extends Tensor>(name: string, value: T) => T;
  /**
   * Sets a variable once, after the step (batch statistics). Several groups of one step that assign the same variable
   * leave the mean of what they assigned.
   */
  readonly assign: (variable: Variable, value: Tensor) => void;
}
