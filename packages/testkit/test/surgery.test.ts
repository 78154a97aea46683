import { chain, identity } from "@polytask/core";
import {
  actsOnWholeVector,
  describeSurgery,
  homogeneous,
  ignoresZeroRows,
  keepsAgreeingGradients,
  linearUnderScaling,
  nonConflictingForTwoTasks,
  permutationEquivariant,
  permutationEquivariantForTwoTasks,
  scaleInvariantDirection,
  variesWithSeed,
} from "@polytask/testkit";
import { byHand, everyOrder } from "./cases.ts";
import { projection } from "./right/projection.ts";
import { unitRows } from "./right/unit-rows.ts";

describeSurgery(() => identity(), {
  claims: [
    permutationEquivariant,
    linearUnderScaling,
    homogeneous,
    keepsAgreeingGradients,
    actsOnWholeVector,
    ignoresZeroRows,
  ],
});

describeSurgery(() => projection(), {
  claims: [
    nonConflictingForTwoTasks,
    permutationEquivariantForTwoTasks,
    keepsAgreeingGradients,
    linearUnderScaling,
    homogeneous,
    actsOnWholeVector,
    variesWithSeed,
    everyOrder,
    byHand,
  ],
});

describeSurgery(() => chain(projection(), projection()), {
  claims: [nonConflictingForTwoTasks, keepsAgreeingGradients],
});

describeSurgery(() => unitRows(), {
  claims: [permutationEquivariant, scaleInvariantDirection, actsOnWholeVector, ignoresZeroRows],
});
