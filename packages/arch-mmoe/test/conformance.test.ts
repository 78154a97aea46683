import { mlMmoe, mmoe, omoe } from "@polytask/arch-mmoe";
import {
  describeArchitecture,
  exposesDistributions,
  ownersAre,
  rowsIndependent,
  startsFromTheSeed,
} from "@polytask/testkit";
import { describe } from "vitest";

const all = ["a", "b", "c"];
const own = { "gate/a": ["a"], "gate/b": ["b"], "tower/a": ["a"], "head/c": ["c"] };
const gates = exposesDistributions("gate/a", "gate/b", "gate/c");
const claims = [rowsIndependent, startsFromTheSeed, gates];
const options = { experts: 3, hidden: [4], towers: [3], activation: "tanh" } as const;

describe("mmoe", () => {
  describeArchitecture(() => mmoe(options), {
    claims: [...claims, ownersAre({ ...own, experts: all })],
    rejects: [() => mmoe({ ...options, experts: 0 }), () => mmoe({ ...options, hidden: [] })],
  });
});

describe("mmoe with dropout everywhere", () => {
  describeArchitecture(
    () => mmoe({ ...options, hidden: [6, 4], dropout: 0.2, gateDropout: 0.3, gateBias: true }),
    { claims },
  );
});

describe("omoe", () => {
  describeArchitecture(() => omoe(options), {
    claims: [...claims, ownersAre({ experts: all, gate: all, "head/a": ["a"] })],
    rejects: [() => omoe({ ...options, gateDropout: 1 })],
  });
});

describe("mlMmoe", () => {
  describeArchitecture(() => mlMmoe({ ...options, levels: 2 }), {
    claims: [
      ...claims,
      exposesDistributions("level/0/gate/a", "level/0/gate/b", "level/0/gate/c"),
      ownersAre({
        "level/0/experts": all,
        "level/1/experts": all,
        "level/0/gate/a": ["a"],
        "level/1/gate/a": ["a"],
      }),
    ],
    rejects: [() => mlMmoe({ ...options, levels: 0 })],
  });
});
