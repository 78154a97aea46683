import type { WeightingPlugin } from "@polytask/core";
import { ALPHA, balance, RATE, relative } from "../right/balance.ts";

/** The weights' sum drifts. */
export const notRenormalised = (): WeightingPlugin =>
  balance((w, norms, ratios) => {
    const g = w.map((x, k) => x * norms[k]);
    const mean = g.reduce((a, b) => a + b, 0) / g.length;
    const r = relative(ratios);
    return w.map((x, k) => x - RATE * Math.sign(g[k] - mean * r[k] ** ALPHA) * norms[k]);
  });
