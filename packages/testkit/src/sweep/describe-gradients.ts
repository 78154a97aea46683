import { describe, expect, it } from "vitest";
import { caseName, type GradientCase } from "./case.ts";
import { checkGradient, type CheckGradientOptions } from "./check-gradient.ts";
import { gradientCases } from "./gradient-cases.ts";
import type { GradientOutcome } from "./judge.ts";
import type { GradientMeans } from "./means.ts";

export interface DescribeGradientsOptions extends Omit<CheckGradientOptions, "outcome"> {
  /** Default `gradientCases`. */
  readonly cases?: readonly GradientCase[];
  /** Cases, as "group: name", that are known not to be right, and what they are. They must be. */
  readonly except?: Readonly<Record<string, Exclude<GradientOutcome, "right">>>;
}

/** The conformance suite of a way to compute gradients: every case of the sweep as a test. */
export function describeGradients(
  name: string,
  means: GradientMeans,
  options: DescribeGradientsOptions = {},
): void {
  const { cases = gradientCases, except = {}, ...rest } = options;
  const known: Readonly<Record<string, GradientOutcome | undefined>> = except;
  describe(`gradients by ${name}`, () => {
    for (const of of cases) {
      const outcome = known[caseName(of)] ?? "right";
      const end = outcome === "right" ? "" : `, known to be ${outcome}`;
      it(`${caseName(of)}${end}`, () => checkGradient(of, means, { ...rest, outcome }));
    }
    it("excepts no case that does not exist", () => {
      const names = cases.map(caseName);
      expect(Object.keys(except).filter((exception) => !names.includes(exception))).toEqual([]);
    });
  });
}
