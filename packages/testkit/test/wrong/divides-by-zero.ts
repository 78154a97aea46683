import { CONTRACT, type SurgeryPlugin } from "@polytask/core";
import { inner, unit } from "../right/projection.ts";

/** Rows at right angles are projected too, also off a row that is zero: 0/0. */
export const dividesByZero = (): SurgeryPlugin => ({
  kind: "surgery",
  name: "surgery-divides-by-zero",
  contract: CONTRACT,
  create: (scope) => {
    const random = scope.random("order");
    return {
      mix: ({ gramian }) =>
        gramian.map((_, i) => {
          const c = unit(gramian.length, i);
          for (const j of random.permutation(gramian.length)) {
            const dot = inner(c, gramian, unit(gramian.length, j));
            if (j !== i && dot <= 0) c[j] -= dot / gramian[j][j];
          }
          return c;
        }),
    };
  },
});
