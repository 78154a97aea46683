import type { WeightingPlugin } from "@polytask/core";
import { ALPHA, balance, RATE, renormalised } from "../right/balance.ts";

/** All tasks get the target of the mean ratio, where each has its own rate. */
export const meanRatio = (): WeightingPlugin =>
  balance((w, norms, ratios) => {
    const g = w.map((x, k) => x * norms[k]);
    const mean = g.reduce((a, b) => a + b, 0) / g.length;
    const ratio = ratios.reduce((a, b) => a + b, 0) / ratios.length;
    return renormalised(
      w.map((x, k) => x - RATE * Math.sign(g[k] - mean * ratio ** ALPHA) * norms[k]),
    );
  });
