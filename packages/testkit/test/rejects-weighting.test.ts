import type { WeightingPlugin } from "@polytask/core";
import {
  changesAfterFirstStep,
  detachedFromLosses,
  epochDriven,
  favoursSlowTasks,
  formByNoise,
  ignoresAbsentTasks,
  variablesMoveByGradientAlone,
  weightingObligations,
  type WeightingSubject,
  weightingSubject,
  weightsSumToTaskCount,
} from "@polytask/testkit";
import { expect, test } from "vitest";
import { balanced } from "./cases.ts";
import { brokenLaws, type Wrong } from "./verdict.ts";
import { bypassesThePass } from "./wrong/bypasses-the-pass.ts";
import { byIterations } from "./wrong/by-iterations.ts";
import { decayedLogVariance } from "./wrong/decayed-log-variance.ts";
import { forgottenVariable } from "./wrong/forgotten-variable.ts";
import { frozenHostValue } from "./wrong/frozen-host-value.ts";
import { inverseRate } from "./wrong/inverse-rate.ts";
import { meanOverAll } from "./wrong/mean-over-all.ts";
import { meanRatio } from "./wrong/mean-ratio.ts";
import { nanForAbsent } from "./wrong/nan-for-absent.ts";
import { notRenormalised } from "./wrong/not-renormalised.ts";
import { oneFormula } from "./wrong/one-formula.ts";
import { penalisedLogVariance } from "./wrong/penalised-log-variance.ts";
import { targetNotDetached } from "./wrong/target-not-detached.ts";
import { untrainable } from "./wrong/untrainable.ts";
import { weightsNotDetached } from "./wrong/weights-not-detached.ts";

const balancing = [
  weightsSumToTaskCount,
  changesAfterFirstStep,
  detachedFromLosses,
  favoursSlowTasks,
  balanced,
];
const learning = [
  formByNoise,
  variablesMoveByGradientAlone,
  ignoresAbsentTasks,
  changesAfterFirstStep,
];

const cases: readonly Wrong<WeightingPlugin, WeightingSubject>[] = [
  [targetNotDetached, balancing, "matchesWeights"],
  [notRenormalised, balancing, "weightsSumToTaskCount", ["favoursSlowTasks", "matchesWeights"]],
  [meanRatio, balancing, "matchesWeights", ["favoursSlowTasks"]],
  [inverseRate, balancing, "favoursSlowTasks", ["matchesWeights"]],
  [
    byIterations,
    [
      weightsSumToTaskCount,
      changesAfterFirstStep,
      detachedFromLosses,
      favoursSlowTasks,
      epochDriven,
    ],
    "epochDriven",
  ],
  [oneFormula, learning, "formByNoise"],
  [decayedLogVariance, learning, "variablesMoveByGradientAlone"],
  [penalisedLogVariance, learning, "formByNoise"],
  [forgottenVariable, [], "wellFormed"],
  [untrainable, [], "wellFormed"],
  [nanForAbsent, [changesAfterFirstStep], "bearsAbsentTasks", ["restoresBitIdentically"]],
  [frozenHostValue, [changesAfterFirstStep], "hostValuesFollowState", ["changesAfterFirstStep"]],
  [bypassesThePass, [changesAfterFirstStep], "variesThroughThePassAlone"],
  [weightsNotDetached, [detachedFromLosses], "detachedFromLosses"],
  [meanOverAll, [ignoresAbsentTasks], "ignoresAbsentTasks"],
];

test.each(
  cases.map(([make, claims, law, also = []]) => ({ fault: make.name, make, claims, law, also })),
)("$fault breaks $law", async ({ make, claims, law, also }) => {
  const laws = [...weightingObligations, ...claims];
  const found = await brokenLaws(weightingSubject(make), laws, [law, ...also]);
  expect(found.toSorted()).toEqual([law, ...also].toSorted());
});
