import { describe, it } from "vitest";
import type { Law } from "./law.ts";

/** Runs laws as tests, each under its name. */
export function describeLaws<Subject>(
  title: string,
  subject: Subject,
  obligations: readonly Law<Subject>[],
  claims: readonly Law<Subject>[],
): void {
  describe(`${title} keeps its contract`, () => {
    for (const law of obligations) it(law.law, () => law(subject));
  });
  if (claims.length === 0) return;
  describe(`${title} keeps the laws it claims`, () => {
    for (const law of claims) it(law.law, () => law(subject));
  });
}
