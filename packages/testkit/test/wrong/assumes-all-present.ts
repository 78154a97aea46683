import { CONTRACT, identityMatrix, type SurgeryPlugin } from "@polytask/core";

/** A matrix for all tasks of the trainer, where some are absent. */
export const assumesAllPresent = (): SurgeryPlugin => ({
  kind: "surgery",
  name: "surgery-assumes-all-present",
  contract: CONTRACT,
  create: (scope) => ({
    mix: ({ gramian }) => identityMatrix(Math.max(scope.tasks.length, gramian.length)),
  }),
});
