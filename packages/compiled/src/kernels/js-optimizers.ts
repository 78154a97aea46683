import type { OptimizerKernels } from "./kernels.ts";

const { fround, sqrt } = Math;

/** A sum, difference, product, quotient or root of float32 numbers, rounded once from float64, is that of float32. */
export const optimizers: OptimizerKernels = {
  sgd: (p, g, rate) => {
    const eta = fround(rate);
    for (let i = 0; i < p.length; i++) p[i] -= fround(g[i] * eta);
  },
  momentum: (p, g, b, { mu, nesterov }, rate) => {
    const decay = fround(mu);
    const eta = fround(rate);
    for (let i = 0; i < p.length; i++) {
      b[i] = fround(b[i] * decay) + g[i];
      const direction = nesterov ? fround(g[i] + fround(b[i] * decay)) : b[i];
      p[i] -= fround(direction * eta);
    }
  },
  adam: (p, g, m, v, rule, at) => {
    const rest1 = fround(1 - rule.beta1);
    const beta2 = fround(rule.beta2);
    const rest2 = fround(1 - rule.beta2);
    const floor = fround(rule.epsilon * at.root);
    const rate = fround(at.step * at.root);
    const keep = fround(at.keep);
    for (let i = 0; i < p.length; i++) {
      m[i] += fround(fround(g[i] - m[i]) * rest1);
      v[i] = fround(v[i] * beta2) + fround(fround(g[i] * g[i]) * rest2);
      const quotient = fround(m[i] / fround(fround(sqrt(v[i])) + floor));
      p[i] = fround(p[i] * keep) - fround(quotient * rate);
    }
  },
};
