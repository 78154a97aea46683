import { ownersAre } from "@polytask/testkit";

const all = ["a", "b", "c"];

/** Who owns what in two levels joined by a shared gate. */
export const levelOwners = ownersAre({
  "lower/a": all,
  "lower/c": all,
  "lower/shared": all,
  "lowerGate/a": ["a"],
  "upper/b": ["b"],
  "upper/shared": all,
  "upperGate/c": ["c"],
  "head/a": ["a"],
});
