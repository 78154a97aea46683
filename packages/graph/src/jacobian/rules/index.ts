import type { Rules } from "../rule.ts";
import { elementwiseRules } from "./elementwise.ts";
import { layoutRules } from "./layout.ts";
import { sumRules } from "./sums.ts";
import { windowRules } from "./windows.ts";

/** Ops that are linear in one operand. What joins several dependent operands is in `join.ts`. */
export const RULES: Rules = { ...elementwiseRules, ...layoutRules, ...sumRules, ...windowRules };
