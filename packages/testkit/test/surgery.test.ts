import { chain, identity } from "@polytask/core";
import { actsOnWholeVector, describeSurgery, homogeneous, keepsAgreeingGradients, linearUnderScaling, matchesReference, nonConflictingForTwoTasks, permutationEquivariant, permutationEquivariantForTwoTasks, variesWithSeed } from "@polytask/testkit";
import { projection } from "./right/projection.ts";

describeSurgery(() => identity(), {
  claims: [permutationEquivariant, linearUnderScaling, homogeneous, keepsAgreeingGradients, actsOnWholeVector],
});

describeSurgery(() => projection(), {
  claims: [nonConflictingForTwoTasks, keepsAgreeingGradients, linearUnderScaling, homogeneous, actsOnWholeVector, permutationEquivariantForTwoTasks, variesWithSeed,
    // methods: two tasks, the sum form of the published method
    matchesReference([{ jacobian: [[-4, 1, 1], [6, 1, 1]], expected: [0.5848, 3.8012, 3.8012] }], { relative: 1e-4 })],
});

describeSurgery(() => chain(projection(), projection()), { claims: [nonConflictingForTwoTasks, keepsAgreeingGradients] });
