import type { WeightingPlugin } from "@polytask/core";
import { ALPHA, balance, RATE, relative, renormalised } from "../right/balance.ts";

/** The target, which holds the mean norm, is differentiated too. */
export const targetNotDetached = (): WeightingPlugin =>
  balance((w, norms, ratios) => {
    const g = w.map((x, k) => x * norms[k]);
    const mean = g.reduce((a, b) => a + b, 0) / g.length;
    const powers = relative(ratios).map((r) => r ** ALPHA);
    const signs = g.map((x, k) => Math.sign(x - mean * powers[k]));
    const pull = signs.reduce((sum, sign, k) => sum + sign * powers[k], 0) / g.length;
    return renormalised(w.map((x, k) => x - RATE * (signs[k] - pull) * norms[k]));
  });
