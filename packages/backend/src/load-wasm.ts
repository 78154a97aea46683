import * as tf from "@tensorflow/tfjs";
import type * as wasmPackage from "@tensorflow/tfjs-backend-wasm";
import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import { failedBackend, missingPackage } from "./errors.ts";

const required = "@tensorflow/tfjs-backend-wasm";

/** Loads the optional peer that holds the wasm backend and points it at its own binaries. */
export async function loadWasm(): Promise<void> {
  const { setWasmPaths } = await loadPackage();
  // Two copies of tfjs-core in one tree: the backend registered itself with the other one.
  if (!("wasm" in tf.engine().registryFactory))
    throw failedBackend(
      "wasm",
      `${required} uses another copy of tfjs`,
      "Install both packages at one version; npm ls @tensorflow/tfjs-core must list one copy.",
    );
  // A running backend has its binaries already, maybe from a place the application chose.
  if ("wasm" in tf.engine().registry) return;
  const manifest = createRequire(import.meta.url).resolve(`${required}/package.json`);
  setWasmPaths(join(dirname(manifest), "wasm-out") + sep);
}

async function loadPackage(): Promise<typeof wasmPackage> {
  try {
    return await import("@tensorflow/tfjs-backend-wasm");
  } catch (error) {
    if (isNotFound(error)) throw missingPackage("wasm", required, error);
    throw failedBackend(
      "wasm",
      `${required} could not be loaded`,
      "See the cause of this error.",
      error,
    );
  }
}

/** True only when the package itself is absent, not when something it needs is. */
function isNotFound(error: unknown): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    error.code === "ERR_MODULE_NOT_FOUND" &&
    error.message.includes(`'${required}'`)
  );
}
