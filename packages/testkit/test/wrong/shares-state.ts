import { CONTRACT, identityMatrix, type SurgeryPlugin } from "@polytask/core";

/** The memory is made by the factory, not by create: all trainers of one plugin value remember together. */
export const sharesState = (): SurgeryPlugin => {
  let scale = 1;
  return {
    kind: "surgery",
    name: "surgery-shares-state",
    contract: CONTRACT,
    create: () => ({
      mix: ({ gramian }) => {
        scale *= 0.9;
        return identityMatrix(gramian.length).map((row) => row.map((x) => x * scale));
      },
      state: () => scale,
      restore: (state) => {
        scale = state as number;
      },
    }),
  };
};
