import {
  describeArchitecture,
  ownersAre,
  plainModel,
  rowsIndependent,
  startsFromTheSeed,
} from "@polytask/testkit";
import { bottom } from "./right/bottom.ts";
import { levels } from "./right/levels.ts";
import { levelOwners } from "./owners.ts";

describeArchitecture(() => plainModel(), {
  claims: [
    rowsIndependent,
    startsFromTheSeed,
    ownersAre({ shared: ["a", "b", "c"], "tower/a": ["a"], "head/c": ["c"] }),
  ],
});

describeArchitecture(() => bottom(), { claims: [rowsIndependent, startsFromTheSeed] });

describeArchitecture(() => levels(), { claims: [rowsIndependent, startsFromTheSeed, levelOwners] });
