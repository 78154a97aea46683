import * as tf from "@tensorflow/tfjs";
import { createRequire } from "node:module";
import util from "node:util";
import { failedBackend, missingDevice, missingPackage } from "../errors.ts";
import { findInstallations, type Installation } from "../tensorflow/installation.ts";
import { inspect } from "../tensorflow/inspect.ts";
import type { Backend, Device } from "./backend.ts";
import { demandRegistered, SEE } from "./packages.ts";

/** TensorFlow's C library through @tensorflow/tfjs-node-gpu or @tensorflow/tfjs-node, whichever is there and sound. */
export const tensorflow: Backend = {
  tfjs: "tensorflow",
  async load() {
    if ("tensorflow" in tf.engine().registryFactory) return;
    load(await choose());
  },
  check: () => describe(running()),
};

/** The same, where it must have found a GPU. */
export const tensorflowGpu: Backend = {
  ...tensorflow,
  check() {
    const backend = running();
    if (backend.isUsingGpuDevice) return describe(backend);
    throw missingDevice("tensorflow-gpu", `${describe(backend).name}: TensorFlow sees no GPU`, GPU);
  },
};

const INSTALL =
  "Install it without its download and build it against a TensorFlow that you have: npm install --ignore-scripts @tensorflow/tfjs-node-gpu, then npx polytask-backend build-tensorflow --from its folder or wheel. Where its own download works: npm install @tensorflow/tfjs-node-gpu.";
const GPU =
  "Install @tensorflow/tfjs-node-gpu, an NVIDIA driver, and the CUDA libraries that its TensorFlow was built for; npx polytask-backend doctor says what is missing.";

/** The first package whose files are in order: a half-written library would end the process, not throw. */
async function choose(): Promise<Installation> {
  const installations = findInstallations();
  if (installations.length === 0)
    throw missingPackage("tensorflow", "@tensorflow/tfjs-node-gpu", INSTALL);
  const faults = [];
  for (const installation of installations) {
    const fault = await inspect(installation);
    if (!fault) return installation;
    faults.push(fault);
  }
  throw failedBackend("tensorflow", faults[0].found, faults[0].remedy);
}

function load({ name, folder }: Installation): void {
  // tfjs-node 4.22 calls two functions that Node 23 took away, at its first op with several tensors.
  const old: { isNullOrUndefined?: unknown; isArray?: unknown } = util;
  old.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  old.isArray ??= Array.isArray;
  // Else TensorFlow takes all of a GPU's memory at its start, and prints what it found on each.
  process.env["TF_FORCE_GPU_ALLOW_GROWTH"] ??= "true";
  process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2";
  try {
    createRequire(import.meta.url)(folder);
  } catch (error) {
    throw failedBackend("tensorflow", `${name} could not be loaded`, SEE, error);
  }
  demandRegistered("tensorflow", name);
}

/** The part of tfjs-node's backend that tells what it runs on. */
interface NodeBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: { readonly TF_Version: string };
}

const running = (): NodeBackend => tf.backend() as unknown as NodeBackend;

const describe = ({ isUsingGpuDevice, binding }: NodeBackend): Device => ({
  name: `TensorFlow ${binding.TF_Version} on ${isUsingGpuDevice ? "a GPU" : "the CPU"}`,
});
