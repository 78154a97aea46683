import { CONTRACT, identityMatrix, type SurgeryPlugin } from "@polytask/core";

/** The saved state is the living one: it changes after it was saved. */
export const savesAReference = (): SurgeryPlugin => ({
  kind: "surgery",
  name: "surgery-saves-a-reference",
  contract: CONTRACT,
  create: () => {
    let memory = { scale: 1 };
    return {
      mix: ({ gramian }) => {
        memory.scale *= 0.9;
        return identityMatrix(gramian.length).map((row) => row.map((x) => x * memory.scale));
      },
      state: () => memory,
      restore: (state) => {
        memory = { ...(state as typeof memory) };
      },
    };
  },
});
