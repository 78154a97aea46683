import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TAG } from "../function/saved-model.ts";
import type { Binding } from "./binding.ts";

/**
 * A session of a SavedModel. The addon loads folders only: this one is gone as soon as TensorFlow has read it, so that
 * nothing is left behind however the process ends.
 */
export function loadThroughFolder(binding: Binding, bytes: Uint8Array): number {
  const folder = mkdtempSync(join(tmpdir(), "polytask-function-"));
  try {
    writeFileSync(join(folder, "saved_model.pb"), bytes);
    return binding.loadSavedModel(folder, TAG);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
