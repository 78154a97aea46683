import { CONTRACT, type SurgeryPlugin } from "@polytask/core";

/**
 * Gives every task's gradient the mean length before they are summed: g_i ← (mean_j ‖g_j‖ / ‖g_i‖)·g_i.
 *
 * On the host: √G_ii is ‖g_i‖, so C is diagonal. A gradient of length 0 stays as it is.
 */
export function equalNorms<Name extends string>(): SurgeryPlugin<Name> {
  return {
    kind: "surgery",
    name: "surgery-equal-norms",
    contract: CONTRACT,
    create: () => ({
      needs: { tasks: 2 },
      mix: ({ gramian }) => {
        const norms = gramian.map((row, i) => Math.sqrt(row[i]));
        const mean = norms.reduce((sum, norm) => sum + norm, 0) / norms.length;
        return norms.map((norm, i) =>
          norms.map((_, j) => (i === j ? (norm > 0 ? mean / norm : 1) : 0)),
        );
      },
    }),
  };
}
