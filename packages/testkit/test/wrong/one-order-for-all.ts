import { CONTRACT, type SurgeryPlugin } from "@polytask/core";
import { inner, unit } from "../right/projection.ts";

/** One order is drawn for all tasks, not one for each. */
export const oneOrderForAll = (): SurgeryPlugin => ({
  kind: "surgery",
  name: "surgery-one-order-for-all",
  contract: CONTRACT,
  create: (scope) => {
    const random = scope.random("order");
    return {
      mix: ({ gramian }) => {
        const order = random.permutation(gramian.length);
        return gramian.map((_, i) => {
          const c = unit(gramian.length, i);
          for (const j of order) {
            const dot = inner(c, gramian, unit(gramian.length, j));
            if (j !== i && dot < 0) c[j] -= dot / gramian[j][j];
          }
          return c;
        });
      },
    };
  },
});
