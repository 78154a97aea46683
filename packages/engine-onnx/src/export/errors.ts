import { PolytaskError } from "@polytask/core";

const exportError = (required: string, found: string, remedy: string): PolytaskError =>
  new PolytaskError({ code: "POLYTASK_ONNX_EXPORT", who: "exportOnnx", required, found, remedy });

/** The trainer has seen no data, so nobody knows its prepared columns. */
export const unknownColumns = (): PolytaskError =>
  exportError(
    "the columns that the encoder prepares must be known",
    "this trainer has not seen any data",
    "Pass `{ inputs }` with an example, as to trainer.predict.",
  );

/** One name for an input and an output. */
export const nameTwice = (name: string): PolytaskError =>
  exportError(
    "inputs are named like columns, outputs like tasks, and no name occurs twice",
    `"${name}" is a column and a task`,
    "Rename one of them.",
  );

/** Inference that differs from run to run. */
export const noisy = (): PolytaskError =>
  exportError(
    "inference must be a function of the columns",
    "a part draws noise with pass.noise outside training",
    "Draw only where pass.training is true.",
  );

/** A number that the batch's size goes into in another way than as the length of an axis. */
export const dependsOnBatch = (
  what: string,
  sizes: readonly number[],
  found: string,
): PolytaskError =>
  exportError(
    "inference must treat every example by itself, whatever the size of the batch",
    `${what} is ${found} for batches of ${sizes.join(", ")}`,
    "Write the forward pass so that the batch's size is only ever the length of an axis.",
  );
