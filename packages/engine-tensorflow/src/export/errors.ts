import type { Refuse } from "@polytask/compiled/export";
import { PolytaskError } from "@polytask/core";

/** A network that cannot be written as a SavedModel, or not there. */
export const cannotExport: Refuse = (obstacle) =>
  new PolytaskError({ code: "POLYTASK_TENSORFLOW_EXPORT", who: "exportSavedModel", ...obstacle });

/** A folder with something that an export would spoil. */
export const folderTaken = (dir: string, found: string): PolytaskError =>
  cannotExport({
    required: "the folder must be new, empty, or hold an earlier export",
    found: `${dir} ${found}`,
    remedy: "Name another folder.",
  });

/** Protocol buffers end there. */
export const tooLarge = (bytes: number): PolytaskError =>
  cannotExport({
    required: "a SavedModel whose parameters are part of the graph must be smaller than 2 GiB",
    found: `it has ${bytes} bytes`,
    remedy: "Export a smaller network, or run this one with the trainer.",
  });
