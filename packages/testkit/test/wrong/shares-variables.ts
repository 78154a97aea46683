import type { Tensor, Variable } from "@tensorflow/tfjs";
import { type ArchitecturePlugin, CONTRACT } from "@polytask/core";
import { bottom } from "../right/bottom.ts";

/** Variables are made once per plugin value: two trainers train one network, and the first to go frees it. */
export const sharesVariables = (): ArchitecturePlugin => {
  const made: Variable[] = [];
  return {
    kind: "architecture",
    name: "arch-shares-variables",
    contract: CONTRACT,
    create: (scope) => {
      const old = made.splice(0);
      const variable = (initial: () => Tensor): Variable => {
        const kept = old.shift() ?? scope.variable(initial);
        made.push(kept);
        return kept;
      };
      return bottom().create({ ...scope, variable });
    },
  };
};
