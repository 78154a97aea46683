import {
  badOption,
  CONTRACT,
  identityMatrix,
  type Matrix,
  type Random,
  type SurgeryPlugin,
} from "@polytask/core";

export interface PcgradOptions {
  /** `sum` of the projected gradients, as in the paper, or their `mean` over the tasks present. Default `sum`. */
  readonly reduction?: "sum" | "mean";
}

/**
 * Projects every task's gradient off the gradients it conflicts with.
 *
 * For each task i, for the other tasks j in an order drawn anew for i: if g_i·g_j < 0 then g_i ← g_i − (g_i·g_j / ‖g_j‖²) g_j,
 * g_i the running gradient, g_j as it came; the step follows Σ_i g_i. Done on G = J·Jᵀ alone, over all shared parameters
 * at once; own parameters keep the gradient of their own weighted loss.
 *
 * Yu, Kumar, Gupta, Levine, Hausman, Finn, "Gradient Surgery for Multi-Task Learning", NeurIPS 2020, Algorithm 1.
 *
 * @throws POLYTASK_OPTION for another `reduction`; createTrainer throws POLYTASK_TOO_FEW_TASKS for a single task.
 */
export function pcgrad<Name extends string>(options: PcgradOptions = {}): SurgeryPlugin<Name> {
  const { reduction = "sum" } = options;
  if (!["sum", "mean"].includes(reduction)) {
    throw badOption("pcgrad", "reduction", '"sum" or "mean"', reduction);
  }
  return {
    kind: "surgery",
    name: "surgery-pcgrad",
    contract: CONTRACT,
    create: (scope) => {
      const random = scope.random("order");
      return {
        needs: { tasks: 2 },
        mix: ({ gramian }) => {
          const n = gramian.length;
          const projected = pcgradCoefficients(gramian, drawOrders(n, random));
          return reduction === "sum" ? projected : projected.map((row) => row.map((c) => c / n));
        },
      };
    },
  };
}

/**
 * The matrix C of PCGrad for given orders: row i of C·J is g_i, projected against the tasks `orders[i]` in that order.
 *
 * Every projection subtracts a multiple of a row of J, so the running g_i is Σ_k C_ik·J_k and g_i·g_j = (C·G)_ij: the
 * result is exact, whatever the length of the gradients. G [n, n] and n orders without i itself in, C [n, n] out.
 */
export function pcgradCoefficients(
  gramian: Matrix,
  orders: readonly (readonly number[])[],
): number[][] {
  const coefficients = identityMatrix(gramian.length);
  orders.forEach((order, i) => {
    const c = coefficients[i];
    for (const j of order) {
      const dot = gramian[j].reduce((sum, product, k) => sum + c[k] * product, 0);
      // A conflict needs ‖g_j‖ > 0; rounding may show one with a row of zeros, which must not divide.
      if (dot < 0 && gramian[j][j] > 0) c[j] -= dot / gramian[j][j];
    }
  });
  return coefficients;
}

/** For each of n tasks, the others in random order. */
const drawOrders = (n: number, random: Random): number[][] =>
  Array.from({ length: n }, (_, i) =>
    Array.from(random.permutation(n - 1), (j) => (j < i ? j : j + 1)),
  );
