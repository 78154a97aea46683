import { PolytaskError } from "@polytask/core";
import type { Fault } from "./faults.ts";

/** The error that a fault was made of. */
export function errorOf({ message, stack, parts, cause }: Fault): Error {
  const options = cause && { cause: errorOf(cause) };
  if (parts) return new PolytaskError(parts, options);
  const error = new Error(message, options);
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** The worker is gone, and what it was asked is never answered. */
export const workerEnded = (found: string, cause?: unknown): PolytaskError =>
  new PolytaskError(
    {
      code: "POLYTASK_ONNX_WORKER",
      who: "engine-onnx, worker",
      required: "the worker thread that runs the steps must live as long as its trainer",
      found,
      remedy:
        "Make a new trainer; trainer.state() of this one gives what it has learnt up to its last whole step.",
    },
    cause === undefined ? {} : { cause },
  );
