import type { ArchitecturePlugin } from "@polytask/core";
import {
  architectureObligations,
  type ArchitectureSubject,
  architectureSubject,
  rowsIndependent,
  startsFromTheSeed,
} from "@polytask/testkit";
import { expect, test } from "vitest";
import { levelOwners } from "./owners.ts";
import { brokenLaws, type Wrong } from "./verdict.ts";
import { assignsInForward } from "./wrong/assigns-in-forward.ts";
import { camelCase } from "./wrong/camel-case.ts";
import { countsItsPasses } from "./wrong/counts-its-passes.ts";
import { duplicateNames } from "./wrong/duplicate-names.ts";
import { errorWithoutCode } from "./wrong/error-without-code.ts";
import { fixedStart } from "./wrong/fixed-start.ts";
import { leaksInForward } from "./wrong/leaks-in-forward.ts";
import { leaksOnThrow } from "./wrong/leaks-on-throw.ts";
import { mixesTheBatch } from "./wrong/mixes-the-batch.ts";
import { noSharedGate } from "./wrong/no-shared-gate.ts";
import { noiseInEvaluation } from "./wrong/noise-in-evaluation.ts";
import { ownersTooFew } from "./wrong/owners-too-few.ts";
import { ownersTooMany } from "./wrong/owners-too-many.ts";
import { readsInForward } from "./wrong/reads-in-forward.ts";
import { sharesVariables } from "./wrong/shares-variables.ts";
import { unseededStart } from "./wrong/unseeded-start.ts";
import { wrongUnits } from "./wrong/wrong-units.ts";

const common = [rowsIndependent, startsFromTheSeed];

const cases: readonly Wrong<ArchitecturePlugin, ArchitectureSubject>[] = [
  [ownersTooFew, common, "ownershipExact", ["identitySurgeryEqualsNoSurgery"]],
  [ownersTooMany, common, "ownershipExact"],
  [noSharedGate, [...common, levelOwners], "ownersAre"],
  [duplicateNames, common, "wellFormed"],
  [camelCase, common, "wellFormed"],
  [readsInForward, common, "readsNoValues"],
  [sharesVariables, common, "trainersShareNothing"],
  [unseededStart, common, "usesNoMathRandom", ["sameSeedSameResult", "trainersShareNothing"]],
  [fixedStart, common, "startsFromTheSeed"],
  [leaksOnThrow, common, "leaksNothingOnThrow"],
  [leaksInForward, common, "leaksNothing"],
  [assignsInForward, common, "forwardChangesNothing"],
  [noiseInEvaluation, [startsFromTheSeed], "deterministicGivenThePass"],
  [countsItsPasses, common, "deterministicGivenThePass", ["trainersShareNothing"]],
  [mixesTheBatch, common, "rowsIndependent"],
];

test.each(
  cases.map(([make, claims, law, also = []]) => ({ fault: make.name, make, claims, law, also })),
)("$fault breaks $law", async ({ make, claims, law, also }) => {
  const laws = [...architectureObligations, ...claims];
  const found = await brokenLaws(architectureSubject(make), laws, [law, ...also]);
  expect(found.toSorted()).toEqual([law, ...also].toSorted());
});

test("scores of another shape break scoresEveryTask", async () => {
  const found = await brokenLaws(architectureSubject(wrongUnits), architectureObligations);
  expect(found).toContain("scoresEveryTask");
});

test("a refusal without a code breaks errorsCarryCodes", async () => {
  const subject = architectureSubject(errorWithoutCode, { rejects: [() => errorWithoutCode(0)] });
  expect(await brokenLaws(subject, architectureObligations)).toEqual(["errorsCarryCodes"]);
});
