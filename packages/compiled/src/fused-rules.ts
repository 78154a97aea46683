import type { ElementwiseOptimizer } from "@polytask/core";
import type { Kernels } from "./kernels/index.ts";

/** One update of a stretch of parameters, in place. */
export interface FusedRule {
  readonly all: (stretch: Stretch, scalars: readonly number[]) => void;
  /** The listed rows of a table alone, of which those without gradient are passed over. */
  readonly rows: (
    rows: Int32Array,
    width: number,
    stretch: Stretch,
    scalars: readonly number[],
  ) => void;
}

/** Parameters that lie next to one another, with what belongs to them. */
export interface Stretch {
  readonly p: Float32Array;
  readonly g: Float32Array;
  readonly slots: readonly Float32Array[];
}

/** The kernels that an optimizer may name, from its constants. */
const RULES: Readonly<
  Record<string, (kernels: Kernels, constants: readonly number[]) => FusedRule>
> = {
  sgd: (kernels) => ({
    all: ({ p, g }, [rate]) => kernels.sgd(p, g, rate),
    rows: (rows, width, { p, g }, [rate]) => kernels.sgdRows(rows, width, p, g, rate),
  }),
  momentum: (kernels, [mu, nesterov]) => {
    const rule = { mu, nesterov: nesterov !== 0 };
    return {
      all: ({ p, g, slots: [buffer] }, [rate]) => kernels.momentum(p, g, buffer, rule, rate),
      rows: (rows, width, { p, g, slots: [buffer] }, [rate]) =>
        kernels.momentumRows(rows, width, p, g, buffer, rule, rate),
    };
  },
  adam: adamRule,
  adamw: adamRule,
};

function adamRule(kernels: Kernels, [beta1, beta2, epsilon]: readonly number[]): FusedRule {
  const rule = { beta1, beta2, epsilon };
  return {
    all: ({ p, g, slots: [m, v] }, [step, root, keep = 1]) =>
      kernels.adam(p, g, m, v, rule, { step, root, keep }),
    rows: (rows, width, { p, g, slots: [m, v] }, [step, root, keep = 1]) =>
      kernels.adamRows(rows, width, p, g, m, v, rule, { step, root, keep }),
  };
}

/** The fused kernel of a rule; undefined where there is none, and its graph is run. */
export function fusedRule(
  { kernel }: ElementwiseOptimizer,
  kernels: Kernels,
): FusedRule | undefined {
  if (!kernel || !Object.hasOwn(RULES, kernel.name)) return undefined;
  return RULES[kernel.name](kernels, kernel.constants);
}
