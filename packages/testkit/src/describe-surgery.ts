import type { Surgeries } from "./prepare-surgery.ts";
import type { Law } from "./law.ts";
import { describeLaws } from "./suite.ts";
import { surgeryEngineLaws, surgeryObligations } from "./surgery-obligations.ts";
import { surgerySubject, type SurgerySubject } from "./surgery.ts";

export interface DescribeSurgeryOptions extends Partial<Omit<SurgerySubject, "make">> {
  /** Laws that this surgery keeps beyond its obligations. */
  readonly claims?: readonly Law<SurgerySubject>[];
}

/** The conformance suite of a surgery, or of a chain: its obligations and what it claims. `make` makes it for tasks "a", "b", "c", …. */
export function describeSurgery(make: () => Surgeries, options: DescribeSurgeryOptions = {}): void {
  const { claims = [], ...rest } = options;
  const title = [make()]
    .flat()
    .map(({ name }) => name)
    .join(" then ");
  describeLaws(title, surgerySubject(make, rest), {
    obligations: surgeryObligations,
    onEngine: surgeryEngineLaws,
    claims,
  });
}
