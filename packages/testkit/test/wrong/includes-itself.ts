import { CONTRACT, type SurgeryPlugin } from "@polytask/core";
import { inner, unit } from "../right/projection.ts";

/** A task is projected off its own gradient too, once others have turned it. */
export const includesItself = (): SurgeryPlugin => ({
  kind: "surgery",
  name: "surgery-includes-itself",
  contract: CONTRACT,
  create: (scope) => {
    const random = scope.random("order");
    return {
      mix: ({ gramian }) =>
        gramian.map((_, i) => {
          const c = unit(gramian.length, i);
          for (const j of random.permutation(gramian.length)) {
            const dot = inner(c, gramian, unit(gramian.length, j));
            if (dot < 0) c[j] -= dot / gramian[j][j];
          }
          return c;
        }),
    };
  },
});
