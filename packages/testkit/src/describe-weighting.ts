import type { WeightingPlugin } from "@polytask/core";
import type { Law } from "./law.ts";
import { describeLaws } from "./suite.ts";
import { weightingEngineLaws, weightingObligations } from "./weighting-obligations.ts";
import { weightingSubject, type WeightingSubject } from "./weighting.ts";

export interface DescribeWeightingOptions extends Partial<Omit<WeightingSubject, "make">> {
  /** Laws that this weighting keeps beyond its obligations. */
  readonly claims?: readonly Law<WeightingSubject>[];
}

/** The conformance suite of a weighting: its obligations and what it claims. `make` makes it for tasks "a" (binary), "b" (regression), "c" (multiclass). */
export function describeWeighting(
  make: () => WeightingPlugin,
  options: DescribeWeightingOptions = {},
): void {
  const { claims = [], ...rest } = options;
  describeLaws(make().name, weightingSubject(make, rest), {
    obligations: weightingObligations,
    onEngine: weightingEngineLaws,
    claims,
  });
}
