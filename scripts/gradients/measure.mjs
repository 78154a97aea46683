// A process of scripts/gradients.mjs: the gradients of all cases, got one way, sent case by case.
// Its arguments are how ("differences", "stock", "repaired" or "compiled") and on which backend, or for which provider.
import { createRequire } from "node:module";
import util from "node:util";
import { useBackend } from "@polytask/backend";
import {
  caseDifferences,
  caseName,
  engineGradients,
  gradientCases,
  tfjsGradients,
} from "@polytask/testkit/gradients";
import * as tf from "@tensorflow/tfjs";

const require = createRequire(import.meta.url);
const [how, backend] = process.argv.slice(2);

/** Backends as tfjs ships them: loaded, and nothing else. */
const load = {
  cpu: () => undefined,
  wasm: () => optional("@tensorflow/tfjs-backend-wasm"),
  webgpu: async () => {
    const { create, globals } = await optional("webgpu");
    Object.assign(globalThis, globals);
    const value = { gpu: create([]) };
    Object.defineProperty(globalThis, "navigator", { value, configurable: true });
    await optional("@tensorflow/tfjs-backend-webgpu");
  },
  tensorflow: () => {
    // Gone in Node 23; tfjs-node still calls it.
    util.isNullOrUndefined ??= (value) => value === null || value === undefined;
    const addons = ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node"];
    require(addons.find(isInstalled) ?? addons[0]);
  },
};

const ways = {
  differences: async () => {
    await useBackend(backend);
    return caseDifferences;
  },
  stock: async () => {
    await load[backend]();
    await tf.setBackend(backend);
    return tfjsGradients();
  },
  repaired: async () => {
    await useBackend(backend);
    return engineGradients();
  },
  compiled: async () => {
    const { onnx } = await import("@polytask/engine-onnx");
    await useBackend("cpu");
    return engineGradients(() => onnx({ threads: 1, provider: backend }));
  },
};

const means = await ways[how]();
for (const of of gradientCases) {
  const result = await means(of).catch((error) => String(error.message));
  await new Promise((sent) => process.send([caseName(of), result], sent));
}
// A backend may hold the process open.
process.exit();

/** A package that may not be there, and that the repository does not ask for. */
function optional(name) {
  return import(name);
}

function isInstalled(name) {
  try {
    return require.resolve(name) !== "";
  } catch {
    return false;
  }
}
