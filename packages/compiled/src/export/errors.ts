import type { PolytaskError } from "@polytask/core";

/** Why a network cannot be written. */
export interface Obstacle {
  readonly required: string;
  readonly found: string;
  readonly remedy: string;
}

/** An exporter's own error for it. */
export type Refuse = (obstacle: Obstacle) => PolytaskError;

/** The trainer has seen no data, so nobody knows its prepared columns. */
export const unknownColumns: Obstacle = {
  required: "the columns that the encoder prepares must be known",
  found: "this trainer has not seen any data",
  remedy: "Pass `{ inputs }` with an example, as to trainer.predict.",
};

/** One name for an input and an output. */
export const nameTwice = (name: string): Obstacle => ({
  required: "inputs are named like columns, outputs like tasks, and no name occurs twice",
  found: `"${name}" is a column and a task`,
  remedy: "Rename one of them.",
});

/** Inference that differs from run to run. */
export const noisy: Obstacle = {
  required: "inference must be a function of the columns",
  found: "a part draws noise with pass.noise outside training",
  remedy: "Draw only where pass.training is true.",
};

/** A number that the batch's size goes into in another way than as the length of an axis. */
export const dependsOnBatch = (
  what: string,
  sizes: readonly number[],
  found: string,
): Obstacle => ({
  required: "inference must treat every example by itself, whatever the size of the batch",
  found: `${what} is ${found} for batches of ${sizes.join(", ")}`,
  remedy: "Write the forward pass so that the batch's size is only ever the length of an axis.",
});
