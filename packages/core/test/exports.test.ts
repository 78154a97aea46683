import * as core from "@polytask/core";
import * as kit from "@polytask/core/engine";
import { expect, it } from "vitest";

it("has these public names", () => {
  expect(Object.keys(core).sort()).toEqual([
    "CONTRACT",
    "PolytaskError",
    "badData",
    "badOption",
    "badState",
    "binary",
    "brokenPart",
    "chain",
    "clockToken",
    "columnSums",
    "constant",
    "createTrainer",
    "eager",
    "equal",
    "identity",
    "identityMatrix",
    "input",
    "isShape",
    "joint",
    "local",
    "loggerToken",
    "multiclass",
    "multiply",
    "numericRows",
    "optimizerToken",
    "randomToken",
    "regression",
    "seededRandom",
    "sgd",
    "token",
    "tooFewTasks",
    "transpose",
    "unfittedEncoder",
    "unknownTask",
    "unmetNeed",
  ]);
});

it("has these names for those who write engines", () => {
  expect(Object.keys(kit).sort()).toEqual([
    "CONSTANT_SCOPE",
    "brokenPart",
    "checkMatrix",
    "checkPartition",
    "createUpdater",
    "detach",
    "drawNoise",
    "gradientsOf",
    "labelledLoss",
    "makeTensor",
    "needsRows",
    "nonFinite",
    "nonFiniteGradient",
    "onTape",
    "onTouchedRows",
    "penaltyOf",
    "readTensor",
    "scoresOf",
    "sizeOf",
    "traceWeights",
  ]);
});
