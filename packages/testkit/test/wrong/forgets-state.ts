import { CONTRACT, identityMatrix, type SurgeryPlugin } from "@polytask/core";

/** What it has learnt is in no checkpoint. */
export const forgetsState = (): SurgeryPlugin => ({
  kind: "surgery",
  name: "surgery-forgets-state",
  contract: CONTRACT,
  create: () => {
    let scale = 1;
    return {
      mix: ({ gramian }) => {
        scale *= 0.9;
        return identityMatrix(gramian.length).map((row) => row.map((x) => x * scale));
      },
    };
  },
});
