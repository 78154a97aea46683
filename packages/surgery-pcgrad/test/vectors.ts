import { dot, plus } from "./squared-error.ts";

/** Algorithm 1 of the paper as it is printed, on vectors instead of coefficients: Σ_i of the projected g_i. */
export function pcgradOnVectors(
  gradients: readonly (readonly number[])[],
  orders: readonly (readonly number[])[],
): number[] {
  const projected = gradients.map((gradient, i) => {
    let g = [...gradient];
    for (const j of orders[i]) {
      const along = dot(g, gradients[j]);
      if (along < 0) g = plus(g, gradients[j], -along / dot(gradients[j], gradients[j]));
    }
    return g;
  });
  return projected.reduce((sum, g) => plus(sum, g));
}
