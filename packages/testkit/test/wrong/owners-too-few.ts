import type { ArchitecturePlugin } from "@polytask/core";
import { levels } from "../right/levels.ts";

/** Each lower expert is said to be its task's own, but the shared gate leads the others' losses to it. */
export const ownersTooFew = (): ArchitecturePlugin =>
  levels({ lowerOwners: (task) => [task], sharedGate: true });
