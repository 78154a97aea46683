import { CONTRACT, type WeightingPlugin } from "@polytask/core";
import { likelihood } from "../right/likelihood.ts";

/** The log variances are handed to nobody: never trained, never saved. */
export const forgottenVariable = (): WeightingPlugin => ({
  kind: "weighting",
  name: "weighting-forgotten-variable",
  contract: CONTRACT,
  create: async (scope) => {
    const { weigh } = await likelihood().create(scope);
    return { weigh };
  },
});
