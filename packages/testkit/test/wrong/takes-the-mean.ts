import { CONTRACT, type SurgeryPlugin } from "@polytask/core";

/** The mean of the gradients, where their sum is claimed. */
export const takesTheMean = (): SurgeryPlugin => ({
  kind: "surgery",
  name: "surgery-takes-the-mean",
  contract: CONTRACT,
  create: () => ({
    mix: ({ gramian }) =>
      gramian.map((_, i) => gramian.map((_, j) => (i === j ? 1 / gramian.length : 0))),
  }),
});
