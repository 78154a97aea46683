import { CONTRACT, identityMatrix, type SurgeryPlugin } from "@polytask/core";

/** Weights are drawn from Math.random: no seed repeats them. */
export const mathRandom = (): SurgeryPlugin => ({
  kind: "surgery",
  name: "surgery-math-random",
  contract: CONTRACT,
  create: () => ({
    mix: ({ gramian }) =>
      // eslint-disable-next-line no-restricted-properties -- the fault itself
      identityMatrix(gramian.length).map((row) => row.map((x) => x * Math.random())),
  }),
});
