import * as tf from "@tensorflow/tfjs";
import { failedBackend, unknownBackend } from "./errors.ts";
import { loadWasm } from "./load-wasm.ts";
import { install, type BackendName } from "./repair.ts";
import { repairs } from "./repairs/index.ts";

/** What `useBackend` did: the backend now in use, and the tfjs kernels that run as repaired on it. */
export interface BackendReport {
  readonly name: BackendName;
  readonly repairs: readonly string[];
}

/** How each backend's code gets into the process; the cpu backend comes with tfjs itself. */
const loaders: Readonly<Record<BackendName, () => Promise<void>>> = {
  cpu: async () => {},
  wasm: loadWasm,
};

/**
 * Makes tfjs compute on `name`, with the kernels replaced that give wrong or no gradients there.
 * Harmless to repeat; tensors made on another backend stay usable.
 *
 * @throws BackendError `POLYTASK_BACKEND_UNKNOWN`, `POLYTASK_BACKEND_MISSING` or `POLYTASK_BACKEND_FAILED`;
 * the backend in use before stays in use.
 */
export async function useBackend(name: BackendName): Promise<BackendReport> {
  if (!Object.hasOwn(loaders, name)) throw unknownBackend(name, Object.keys(loaders));
  await loaders[name]();
  await start(name);
  return {
    name,
    repairs: repairs
      .filter((repair) => repair.on.includes(name))
      .flatMap((repair) => install(repair, name)),
  };
}

async function start(name: BackendName): Promise<void> {
  const before = tf.getBackend();
  let cause: unknown;
  try {
    if (await tf.setBackend(name)) return;
  } catch (error) {
    cause = error;
  }
  // A failed setBackend leaves tfjs without a backend; the process must stay usable.
  await tf.setBackend(before || "cpu");
  throw failedBackend(
    name,
    "it did not start",
    "See the warning tfjs printed and the cause of this error.",
    cause,
  );
}
