import type { WeightingPlugin } from "@polytask/core";
import { ALPHA, balance, RATE, relative, renormalised } from "../right/balance.ts";

/** r^(−α) for r^α: the task that has learnt most gets most. */
export const inverseRate = (): WeightingPlugin =>
  balance((w, norms, ratios) => {
    const g = w.map((x, k) => x * norms[k]);
    const mean = g.reduce((a, b) => a + b, 0) / g.length;
    const r = relative(ratios);
    return renormalised(
      w.map((x, k) => x - RATE * Math.sign(g[k] - mean * r[k] ** -ALPHA) * norms[k]),
    );
  });
