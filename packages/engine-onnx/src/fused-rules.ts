import type { ElementwiseOptimizer } from "@polytask/core";
import type { Kernels } from "./kernels/index.ts";

/** One update of a stretch of parameters, in place. */
export type FusedRule = (
  parameters: Float32Array,
  gradients: Float32Array,
  slots: readonly Float32Array[],
  scalars: readonly number[],
) => void;

/** The kernels that an optimizer may name, from its constants. */
const RULES: Readonly<Record<string, (kernels: Kernels, constants: readonly number[]) => FusedRule>> = {
  sgd: (kernels) => (p, g, _slots, [rate]) => {
    kernels.sgd(p, g, rate);
  },
  momentum: (kernels, [mu, nesterov]) => {
    const rule = { mu, nesterov: nesterov !== 0 };
    return (p, g, [buffer], [rate]) => {
      kernels.momentum(p, g, buffer, rule, rate);
    };
  },
  adam: (kernels, [beta1, beta2, epsilon]) => {
    const rule = { beta1, beta2, epsilon };
    return (p, g, [m, v], [step, root]) => {
      kernels.adam(p, g, m, v, rule, { step, root, keep: 1 });
    };
  },
  adamw: (kernels, [beta1, beta2, epsilon]) => {
    const rule = { beta1, beta2, epsilon };
    return (p, g, [m, v], [step, root, keep]) => {
      kernels.adam(p, g, m, v, rule, { step, root, keep });
    };
  },
};

/** The fused kernel of a rule; undefined where there is none, and its graph is run. */
export function fusedRule({ kernel }: ElementwiseOptimizer, kernels: Kernels): FusedRule | undefined {
  if (!kernel || !Object.hasOwn(RULES, kernel.name)) return undefined;
  return RULES[kernel.name](kernels, kernel.constants);
}
