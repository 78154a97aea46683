import { equal } from "@polytask/core";
import {
  changesAfterFirstStep,
  describeWeighting,
  detachedFromLosses,
  epochDriven,
  favoursSlowTasks,
  formByNoise,
  ignoresAbsentTasks,
  startsEqual,
  variablesMoveByGradientAlone,
  weightsArePositive,
  weightsCancelLossScale,
  weightsIgnoreLossScale,
  weightsSumToTaskCount,
} from "@polytask/testkit";
import { balanced } from "./cases.ts";
import { averages } from "./right/averages.ts";
import { balance } from "./right/balance.ts";
import { likelihood } from "./right/likelihood.ts";
import { logarithm } from "./right/logarithm.ts";

describeWeighting(() => equal(), {
  claims: [
    weightsSumToTaskCount,
    startsEqual,
    detachedFromLosses,
    ignoresAbsentTasks,
    weightsIgnoreLossScale,
  ],
});

describeWeighting(() => likelihood(), {
  claims: [
    formByNoise,
    variablesMoveByGradientAlone,
    ignoresAbsentTasks,
    weightsArePositive,
    changesAfterFirstStep,
  ],
});

describeWeighting(() => balance(), {
  claims: [
    weightsSumToTaskCount,
    startsEqual,
    changesAfterFirstStep,
    ignoresAbsentTasks,
    detachedFromLosses,
    favoursSlowTasks,
    balanced,
  ],
});

describeWeighting(() => averages(), {
  claims: [
    weightsSumToTaskCount,
    startsEqual,
    changesAfterFirstStep,
    epochDriven,
    ignoresAbsentTasks,
    detachedFromLosses,
    weightsIgnoreLossScale,
    favoursSlowTasks,
  ],
});

describeWeighting(() => logarithm(), {
  claims: [weightsCancelLossScale, weightsArePositive, ignoresAbsentTasks],
});
