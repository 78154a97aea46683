/**
 * Loads an addon that is not yet in its place, and computes with it: node verify-child.js FOLDER ADDON
 *
 * Prints lines of JSON: `{ stage }` as it goes, and an `Answer` at the end.
 */
import type * as tfjs from "@tensorflow/tfjs";
import { createRequire } from "node:module";
import { join } from "node:path";
import util from "node:util";
import type { Answer } from "../doctor/answer.ts";
import { measure } from "../doctor/measure.ts";

const [folder, addon] = process.argv.slice(2);
const require = createRequire(join(folder, "package.json"));
const print = (line: Answer | { readonly stage: string }): void =>
  console.log(JSON.stringify(line));
const onStage = (stage: string): void => print({ stage });

// gone since Node 23, and called by tfjs-node 4.22
const old: { isNullOrUndefined?: unknown; isArray?: unknown } = util;
old.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
old.isArray ??= Array.isArray;

try {
  onStage("loading");
  // tfjs-node asks this where its addon is
  const finder = "@mapbox/node-pre-gyp";
  require(finder);
  Object.assign(require.cache[require.resolve(finder)] ?? {}, { exports: { find: () => addon } });
  require(folder);
  const tf = require("@tensorflow/tfjs") as typeof tfjs;
  await tf.setBackend("tensorflow");
  const { isUsingGpuDevice, binding } = tf.backend() as unknown as {
    readonly isUsingGpuDevice: boolean;
    readonly binding: { readonly TF_Version: string };
  };
  const device = `TensorFlow ${binding.TF_Version} on ${isUsingGpuDevice ? "a GPU" : "the CPU"}`;
  print({ device, ...(await measure(tf, onStage)) });
} catch (error) {
  if (!(error instanceof Error)) throw error;
  print({ error: error.message, cause: "" });
}
