import { hierarchical, sharedBottom } from "@polytask/arch-shared-bottom";
import {
  describeArchitecture,
  ownersAre,
  rowsIndependent,
  startsFromTheSeed,
} from "@polytask/testkit";
import { describe } from "vitest";

const claims = [rowsIndependent, startsFromTheSeed];
const shape = { towers: [3], activation: "tanh" } as const;

describe("sharedBottom", () => {
  describeArchitecture(() => sharedBottom({ ...shape, hidden: [5, 4] }), {
    claims: [
      ...claims,
      ownersAre({ bottom: ["a", "b", "c"], "tower/a": ["a"], "head/b": ["b"], "head/c": ["c"] }),
    ],
    rejects: [() => sharedBottom({ hidden: [] }), () => sharedBottom({ hidden: [4], dropout: 1 })],
  });
});

describe("sharedBottom with dropout", () => {
  describeArchitecture(() => sharedBottom({ ...shape, hidden: [8], dropout: 0.3 }), { claims });
});

describe("hierarchical", () => {
  const attach = { a: 0, b: 2, c: 1 };
  describeArchitecture(() => hierarchical({ ...shape, layers: [5, 4, 4], attach }), {
    claims: [
      ...claims,
      ownersAre({ "layer/0": ["a", "b", "c"], "layer/1": ["b", "c"], "layer/2": ["b"] }),
    ],
    rejects: [() => hierarchical({ layers: [4], attach: { a: 1 } })],
  });
});
