/**
 * Starts one backend and computes with it, in a process of its own: node child.js NAME
 *
 * Prints lines of JSON: `{ stage }` as it goes, and an `Answer` at the end.
 */
import * as tf from "@tensorflow/tfjs";
import { BackendError, useBackend, type BackendName } from "../index.ts";
import { measure } from "./measure.ts";
import type { Answer } from "./answer.ts";

const print = (line: Answer | { readonly stage: string }): void =>
  console.log(JSON.stringify(line));
const onStage = (stage: string): void => print({ stage });

try {
  onStage("loading");
  const { device } = await useBackend(process.argv[2] as BackendName);
  print({ device, ...(await measure(tf, onStage)) });
} catch (error) {
  if (!(error instanceof Error)) throw error;
  print({
    ...(error instanceof BackendError && { code: error.code }),
    error: error.message,
    cause: error.cause instanceof Error ? error.cause.message : "",
  });
}
