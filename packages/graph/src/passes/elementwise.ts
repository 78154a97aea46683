import { ARITHMETIC, LOGIC, UNARY } from "../node.ts";

/** Ops that compute number by number, on operands that broadcast: axes may lie in any order, if in one for all. */
export const ELEMENTWISE: ReadonlySet<string> = new Set([
  ...UNARY,
  ...ARITHMETIC,
  ...LOGIC,
  "Cast",
  "Where",
]);
