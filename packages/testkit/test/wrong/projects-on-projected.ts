import { CONTRACT, type SurgeryPlugin } from "@polytask/core";
import { inner, unit } from "../right/projection.ts";

/** Later tasks are projected off what earlier ones became, not off what they were. */
export const projectsOnProjected = (): SurgeryPlugin => ({
  kind: "surgery",
  name: "surgery-projects-on-projected",
  contract: CONTRACT,
  create: (scope) => {
    const random = scope.random("order");
    return {
      mix: ({ gramian }) => {
        const rows = gramian.map((_, i) => unit(gramian.length, i));
        for (let i = 0; i < rows.length; i++) {
          for (const j of random.permutation(rows.length)) {
            const dot = inner(rows[i], gramian, rows[j]);
            const square = inner(rows[j], gramian, rows[j]);
            if (j !== i && dot < 0 && square > 0)
              rows[i] = rows[i].map((x, k) => x - (dot / square) * rows[j][k]);
          }
        }
        return rows;
      },
    };
  },
});
