import type { BackendErrorCode } from "../errors.ts";
import type { Measured } from "./measure.ts";

/** What a process that tried a backend says at its end. */
export type Answer = Success | Failure;

export interface Success extends Measured {
  /** What the backend computes on, in words. */
  readonly device: string;
}

interface Failure {
  readonly code?: BackendErrorCode;
  readonly error: string;
  readonly cause: string;
}
