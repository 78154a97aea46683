import * as tf from "@tensorflow/tfjs";
import { failedBackend, missingPackage } from "../errors.ts";
import type { TfjsBackend } from "./backend.ts";

/** Loads an optional peer by name, so that neither it nor its types need to be there; its caller knows what it exports. */
export async function loadPackage<Exports>(
  backend: TfjsBackend,
  required: string,
  install = `Install it beside @tensorflow/tfjs, at the same version: npm install ${required}.`,
): Promise<Exports> {
  try {
    return (await import(required)) as Exports;
  } catch (error) {
    if (isNotFound(error, required)) throw missingPackage(backend, required, install, error);
    throw failedBackend(backend, `${required} could not be loaded`, SEE, error);
  }
}

export const SEE = "See the cause of this error, or ask npx polytask-backend doctor.";

/** Two copies of tfjs-core in one tree: a backend registers itself with the copy that it found. */
export function demandRegistered(backend: TfjsBackend, required: string): void {
  if (backend in tf.engine().registryFactory) return;
  throw failedBackend(
    backend,
    `${required} uses another copy of tfjs`,
    "Install both packages at one version; npm ls @tensorflow/tfjs-core must list one copy.",
  );
}

/** True only when the package itself is absent, not when something it needs is. */
const isNotFound = (error: unknown, required: string): boolean =>
  error instanceof Error &&
  "code" in error &&
  error.code === "ERR_MODULE_NOT_FOUND" &&
  error.message.includes(`'${required}'`);
