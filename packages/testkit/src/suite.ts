import type { EnginePlugin } from "@polytask/core";
import { describe, it } from "vitest";
import type { Law } from "./law.ts";

/** Laws by occasion. */
export interface Laws<Subject> {
  readonly obligations: readonly Law<Subject>[];
  /** Obligations where an engine is given. */
  readonly onEngine: readonly Law<Subject>[];
  readonly claims: readonly Law<Subject>[];
}

/** Runs laws as tests, each under its name. */
export function describeLaws<Subject extends { readonly engine?: () => EnginePlugin }>(
  name: string,
  subject: Subject,
  { obligations, onEngine, claims }: Laws<Subject>,
): void {
  const { engine } = subject;
  const title = engine ? `${name} on ${engine().name}` : name;
  describe(`${title} keeps its contract`, () => {
    for (const law of [...obligations, ...(engine ? onEngine : [])]) {
      it(law.law, () => law(subject));
    }
  });
  if (claims.length === 0) return;
  describe(`${title} keeps the laws it claims`, () => {
    for (const law of claims) it(law.law, () => law(subject));
  });
}
