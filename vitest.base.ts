import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    // Turbo already runs one package per core.
    pool: "threads",
    maxWorkers: 1,
    reporters: ["default", "json"],
    // Read by scripts/summary.mjs.
    outputFile: { json: ".cache/vitest.json" },
  },
});
