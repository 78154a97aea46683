import * as tf from "@tensorflow/tfjs";
import type * as wasmPackage from "@tensorflow/tfjs-backend-wasm";
import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import type { Backend } from "./backend.ts";
import { demandRegistered, loadPackage } from "./packages.ts";

const required = "@tensorflow/tfjs-backend-wasm";

/** WebAssembly, on one thread in Node, from an optional peer that is pointed at its own binaries. */
export const wasm: Backend = {
  tfjs: "wasm",
  async load() {
    const { setWasmPaths } = await loadPackage<typeof wasmPackage>("wasm", required);
    demandRegistered("wasm", required);
    // A running backend has its binaries already, maybe from a place the application chose.
    if ("wasm" in tf.engine().registry) return;
    const manifest = createRequire(import.meta.url).resolve(`${required}/package.json`);
    setWasmPaths(join(dirname(manifest), "wasm-out") + sep);
  },
  check: () => ({ name: "WebAssembly on one thread" }),
};
