import type { RegularizerPlugin } from "@polytask/core";
import type { Law } from "./law.ts";
import { regularizerEngineLaws, regularizerObligations } from "./regularizer-obligations.ts";
import { regularizerSubject, type RegularizerSubject } from "./regularizer.ts";
import { describeLaws } from "./suite.ts";

export interface DescribeRegularizerOptions extends Partial<Omit<RegularizerSubject, "make">> {
  /** Laws that this regularizer keeps beyond its obligations. */
  readonly claims?: readonly Law<RegularizerSubject>[];
}

/** The conformance suite of a regularizer: its obligations and what it claims. `make` makes it for tasks "a" (binary), "b" (regression), "c" (multiclass). */
export function describeRegularizer(
  make: () => RegularizerPlugin,
  options: DescribeRegularizerOptions = {},
): void {
  const { claims = [], ...rest } = options;
  describeLaws(make().name, regularizerSubject(make, rest), {
    obligations: regularizerObligations,
    onEngine: regularizerEngineLaws,
    claims,
  });
}
