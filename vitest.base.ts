import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const backend = process.env["POLYTASK_TEST_BACKEND"];
const setup = fileURLToPath(new URL("scripts/test-backend.mjs", import.meta.url));

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A package is imported by its own name and through those that use it: as one module, or `instanceof` and tokens
    // would meet two copies of core.
    server: { deps: { external: [/packages\/[^/]+\/dist\//] } },
    // Turbo already runs one package per core. TensorFlow's threads would outlive one of Node's, and take the process along.
    pool: process.env["POLYTASK_TENSORFLOW"] ? "forks" : "threads",
    // The files of a package load tfjs once; each counts its own tensors.
    isolate: false,
    maxWorkers: 1,
    ...(backend && { setupFiles: [setup] }),
    reporters: ["default", "json"],
    // Read by scripts/summary.mjs.
    outputFile: { json: ".cache/vitest.json" },
  },
});
