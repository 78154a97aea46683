import { describeArchitecture, ownersAre, plainModel, rowsIndependent, startsFromTheSeed } from "@polytask/testkit";

describeArchitecture(() => plainModel(), {
  claims: [rowsIndependent, startsFromTheSeed, ownersAre({ shared: ["a", "b", "c"], "tower/a": ["a"], "head/c": ["c"] })],
});
