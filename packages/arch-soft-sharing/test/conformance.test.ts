import { softSharing } from "@polytask/arch-soft-sharing";
import {
  describeArchitecture,
  ownersAre,
  rowsIndependent,
  startsFromTheSeed,
} from "@polytask/testkit";

describeArchitecture(
  () => softSharing({ hidden: [5, 4], strength: 0.1, towers: [3], activation: "tanh" }),
  {
    claims: [
      rowsIndependent,
      startsFromTheSeed,
      ownersAre({ "bottom/a": ["a"], "bottom/b": ["b"], "tower/a": ["a"], "head/c": ["c"] }),
    ],
    rejects: [
      () => softSharing({ hidden: [], strength: 1 }),
      () => softSharing({ hidden: [4], strength: -1 }),
    ],
  },
);
