import { type ArchitecturePlugin, CONTRACT } from "@polytask/core";
import { bottom } from "../right/bottom.ts";

/** Two variables of one name: a checkpoint keeps one of them. */
export const duplicateNames = (): ArchitecturePlugin => ({
  kind: "architecture",
  name: "arch-duplicate-names",
  contract: CONTRACT,
  create: async (scope) => {
    const model = await bottom().create(scope);
    return {
      ...model,
      parameters: model.parameters.map((p) => ({ ...p, name: p.name.replace("bias", "kernel") })),
    };
  },
});
