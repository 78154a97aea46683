import * as tf from "@tensorflow/tfjs";
import { type BackendName, backendNames, type Device } from "./backends/backend.ts";
import { backends } from "./backends/index.ts";
import { BackendError, failedBackend, missingDevice, unknownBackend } from "./errors.ts";
import { install } from "./repair.ts";
import { repairs } from "./repairs/index.ts";

/** What `useBackend` did. */
export interface BackendReport {
  /** The backend now in use. */
  readonly name: BackendName;
  /** What it computes on, such as "TensorFlow 2.21.0 on the CPU". */
  readonly device: string;
  /** The tfjs kernels that run as repaired on it. */
  readonly repairs: readonly string[];
  /** Better backends that "auto" could not use, and why; empty for a backend that was asked for by name. */
  readonly passedOver: readonly PassedOver[];
}

export interface PassedOver {
  readonly name: BackendName;
  readonly why: string;
}

/**
 * Makes tfjs compute on a backend, with the kernels replaced that give wrong or no gradients there. "auto" takes the
 * first that works of tensorflow on a GPU, webgpu on a GPU, tensorflow on the CPU, wasm and cpu.
 *
 * Harmless to repeat; tensors made on another backend stay usable.
 *
 * @throws BackendError `POLYTASK_BACKEND_UNKNOWN`, `_MISSING` (a package), `_DEVICE` (a GPU) or `_FAILED`; the backend in
 * use before stays in use.
 */
export async function useBackend(wanted: BackendName | "auto"): Promise<BackendReport> {
  if (wanted === "auto") return useBest();
  if (!Object.hasOwn(backends, wanted)) throw unknownBackend(wanted, ["auto", ...backendNames]);
  const { name: device } = await start(wanted);
  return { name: wanted, device, repairs: repair(wanted), passedOver: [] };
}

async function useBest(): Promise<BackendReport> {
  const passedOver: PassedOver[] = [];
  for (const name of backendNames) {
    try {
      const device = await start(name, ({ substitute }) => {
        if (substitute !== undefined) throw missingDevice(name, substitute);
      });
      return { name, device: device.name, repairs: repair(name), passedOver };
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      passedOver.push({ name, why: error.message });
    }
  }
  throw failedBackend("cpu", "nothing did", "See what it passed over.", passedOver);
}

/** Loads a backend and makes it the one in use, or leaves the one before in use. */
async function start(
  name: BackendName,
  demand: (device: Device) => void = () => {},
): Promise<Device> {
  const { tfjs, load, check } = backends[name];
  const before = tf.getBackend();
  try {
    await load();
    await set(tfjs);
    const device = check();
    demand(device);
    return device;
  } catch (error) {
    // A failed setBackend leaves tfjs without a backend; the process must stay usable.
    await tf.setBackend(before || "cpu");
    throw error;
  }
}

async function set(name: string): Promise<void> {
  let cause: unknown;
  try {
    if (await tf.setBackend(name)) return;
  } catch (error) {
    cause = error;
  }
  throw failedBackend(
    name,
    "it did not start",
    "See the warning tfjs printed and the cause of this error.",
    cause,
  );
}

const repair = (name: BackendName): string[] => {
  const { tfjs } = backends[name];
  return repairs
    .filter((repair) => repair.on.includes(tfjs))
    .flatMap((repair) => install(repair, tfjs));
};
