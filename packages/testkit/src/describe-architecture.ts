import type { ArchitecturePlugin } from "@polytask/core";
import { architectureEngineLaws, architectureObligations } from "./architecture-obligations.ts";
import { architectureSubject, type ArchitectureSubject } from "./architecture.ts";
import type { Law } from "./law.ts";
import { describeLaws } from "./suite.ts";

export interface DescribeArchitectureOptions extends Partial<Omit<ArchitectureSubject, "make">> {
  /** Laws that this architecture keeps beyond its obligations. */
  readonly claims?: readonly Law<ArchitectureSubject>[];
}

/** The conformance suite of an architecture: its obligations and what it claims. `make` makes it for tasks "a" (binary), "b" (regression), "c" (multiclass). */
export function describeArchitecture(
  make: () => ArchitecturePlugin,
  options: DescribeArchitectureOptions = {},
): void {
  const { claims = [], ...rest } = options;
  describeLaws(make().name, architectureSubject(make, rest), {
    obligations: architectureObligations,
    onEngine: architectureEngineLaws,
    claims,
  });
}
