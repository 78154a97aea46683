import { type ArchitecturePlugin, CONTRACT, seededRandom } from "@polytask/core";
import { bottom } from "../right/bottom.ts";

/** Starts from a seed of its own, whatever the trainer's. */
export const fixedStart = (): ArchitecturePlugin => ({
  kind: "architecture",
  name: "arch-fixed-start",
  contract: CONTRACT,
  create: (scope) => bottom().create({ ...scope, random: seededRandom(1) }),
});
