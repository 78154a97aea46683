import { cgc, ple } from "@polytask/arch-ple";
import {
  describeArchitecture,
  exposesDistributions,
  ownersAre,
  rowsIndependent,
  startsFromTheSeed,
} from "@polytask/testkit";
import { describe } from "vitest";

const all = ["a", "b", "c"];
const options = {
  sharedExperts: 2,
  taskExperts: 2,
  hidden: [4],
  towers: [3],
  activation: "tanh",
} as const;
const claims = [
  rowsIndependent,
  startsFromTheSeed,
  exposesDistributions("gate/a", "gate/b", "gate/c"),
];

describe("cgc", () => {
  describeArchitecture(() => cgc(options), {
    claims: [
      ...claims,
      ownersAre({
        "level/0/shared": all,
        "level/0/own/a": ["a"],
        "level/0/gate/a": ["a"],
        "tower/a": ["a"],
      }),
    ],
    rejects: [() => cgc({ ...options, sharedExperts: 0 })],
  });
});

describe("ple of two levels", () => {
  describeArchitecture(() => ple({ ...options, levels: 2 }), {
    claims: [
      ...claims,
      exposesDistributions("level/0/gate/a", "level/0/sharedGate"),
      ownersAre({
        "level/0/shared": all,
        "level/0/sharedGate": all,
        "level/0/own/a": all,
        "level/0/gate/a": ["a"],
        "level/1/shared": all,
        "level/1/own/a": ["a"],
        "level/1/gate/a": ["a"],
      }),
    ],
    rejects: [
      () => ple({ ...options, levels: 0 }),
      () => ple({ ...options, levels: 2, hidden: [] }),
    ],
  });
});

describe("ple of three levels with dropout everywhere", () => {
  describeArchitecture(
    () => ple({ ...options, levels: 3, hidden: [6], dropout: 0.1, gateDropout: 0.2 }),
    { claims: [...claims, ownersAre({ "level/0/gate/a": all, "level/1/gate/a": ["a"] })] },
  );
});
