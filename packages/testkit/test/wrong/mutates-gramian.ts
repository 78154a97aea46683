import { CONTRACT, identityMatrix, type SurgeryPlugin } from "@polytask/core";

/** The Gramian that it was handed is normalised in place. */
export const mutatesGramian = (): SurgeryPlugin => ({
  kind: "surgery",
  name: "surgery-mutates-gramian",
  contract: CONTRACT,
  create: () => ({
    mix: ({ gramian }) => {
      (gramian as number[][]).forEach((row, i) => (row[i] = 1));
      return identityMatrix(gramian.length);
    },
  }),
});
