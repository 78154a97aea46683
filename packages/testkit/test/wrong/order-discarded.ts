import { CONTRACT, type SurgeryPlugin } from "@polytask/core";
import { inner, unit } from "../right/projection.ts";

/** The order is drawn, and then not used. */
export const orderDiscarded = (): SurgeryPlugin => ({
  kind: "surgery",
  name: "surgery-order-discarded",
  contract: CONTRACT,
  create: (scope) => {
    const random = scope.random("order");
    return {
      mix: ({ gramian }) =>
        gramian.map((_, i) => {
          const c = unit(gramian.length, i);
          random.permutation(gramian.length);
          for (let j = 0; j < gramian.length; j++) {
            const dot = inner(c, gramian, unit(gramian.length, j));
            if (j !== i && dot < 0) c[j] -= dot / gramian[j][j];
          }
          return c;
        }),
    };
  },
});
