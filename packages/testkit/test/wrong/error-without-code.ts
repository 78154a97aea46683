import type { ArchitecturePlugin } from "@polytask/core";
import { bottom } from "../right/bottom.ts";

/** Bad options are refused by a plain Error. */
export const errorWithoutCode = (hidden = 4): ArchitecturePlugin => {
  if (!(hidden > 0)) throw new Error("hidden must be positive");
  return { ...bottom(), name: "arch-error-without-code" };
};
