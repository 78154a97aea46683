import { type Law, LawError } from "@polytask/testkit";

const training = [
  "trainsWithMissingLabels",
  "resumesBitIdentically",
  "identitySurgeryEqualsNoSurgery",
  "gradientOutsideJacobian",
];

/** The names of the laws that a subject breaks. Laws that make trainers take long: they are tried where they are expected to break. */
export async function brokenLaws<Subject>(
  subject: Subject,
  laws: readonly Law<Subject>[],
  expected: readonly string[] = [],
): Promise<string[]> {
  const broken: string[] = [];
  for (const law of laws) {
    if (training.includes(law.law) && !expected.includes(law.law)) continue;
    try {
      await law(subject);
    } catch (error) {
      if (!(error instanceof LawError) || error.law !== law.law) throw error;
      broken.push(law.law);
    }
  }
  return broken;
}

/** A wrong plugin, what it claims, the law by which it is found out, and the laws that fall with it. */
export type Wrong<Plugin, Subject> = readonly [
  make: () => Plugin,
  claims: readonly Law<Subject>[],
  law: string,
  also?: readonly string[],
];
