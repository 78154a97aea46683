import { equal } from "@polytask/core";
import { describeWeighting, detachedFromLosses, formByNoise, ignoresAbsentTasks, startsEqual, variablesMoveByGradientAlone, weightsArePositive, weightsIgnoreLossScale, weightsSumToTaskCount, changesAfterFirstStep } from "@polytask/testkit";
import { likelihood } from "./right/likelihood.ts";

describeWeighting(() => equal(), {
  claims: [weightsSumToTaskCount, startsEqual, detachedFromLosses, ignoresAbsentTasks, weightsIgnoreLossScale],
});
describeWeighting(() => likelihood(), {
  claims: [formByNoise, variablesMoveByGradientAlone, ignoresAbsentTasks, weightsArePositive, changesAfterFirstStep],
});
