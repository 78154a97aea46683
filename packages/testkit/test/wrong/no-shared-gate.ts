import type { ArchitecturePlugin } from "@polytask/core";
import { levels } from "../right/levels.ts";

/** The upper shared expert reads the lower shared expert alone; ownership is stated for what is built, not for the method. */
export const noSharedGate = (): ArchitecturePlugin =>
  levels({ lowerOwners: (task) => [task], sharedGate: false });
