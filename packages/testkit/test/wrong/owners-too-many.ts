import { type ArchitecturePlugin, CONTRACT } from "@polytask/core";
import { levels } from "../right/levels.ts";

/** All is said to be shared, so that surgery would touch what one task owns. */
export const ownersTooMany = (): ArchitecturePlugin => ({
  kind: "architecture",
  name: "arch-owners-too-many",
  contract: CONTRACT,
  create: async (scope) => {
    const model = await levels().create(scope);
    return {
      ...model,
      parameters: model.parameters.map((parameter) => ({ ...parameter, tasks: scope.tasks })),
    };
  },
});
