import type { ArchitecturePlugin } from "@polytask/core";
import { bottom } from "../right/bottom.ts";

/** A name that is no package's. */
export const camelCase = (): ArchitecturePlugin => ({ ...bottom(), name: "archCamelCase" });
