import type { SurgeryPlugin } from "@polytask/core";
import {
  actsOnWholeVector,
  homogeneous,
  keepsAgreeingGradients,
  nonConflictingForTwoTasks,
  permutationEquivariantForTwoTasks,
  surgeryObligations,
  type SurgerySubject,
  surgerySubject,
  variesWithSeed,
} from "@polytask/testkit";
import { expect, test } from "vitest";
import { byHand, everyOrder } from "./cases.ts";
import { brokenLaws, type Wrong } from "./verdict.ts";
import { assumesAllPresent } from "./wrong/assumes-all-present.ts";
import { disposesInput } from "./wrong/disposes-input.ts";
import { dividesByZero } from "./wrong/divides-by-zero.ts";
import { elementByElement } from "./wrong/element-by-element.ts";
import { forgetsState } from "./wrong/forgets-state.ts";
import { includesItself } from "./wrong/includes-itself.ts";
import { leaksInStep } from "./wrong/leaks-in-step.ts";
import { mathRandom } from "./wrong/math-random.ts";
import { mutatesGramian } from "./wrong/mutates-gramian.ts";
import { oneOrderForAll } from "./wrong/one-order-for-all.ts";
import { orderDiscarded } from "./wrong/order-discarded.ts";
import { projectsOnProjected } from "./wrong/projects-on-projected.ts";
import { readsATensor } from "./wrong/reads-a-tensor.ts";
import { savesAReference } from "./wrong/saves-a-reference.ts";
import { sharesState } from "./wrong/shares-state.ts";
import { takesTheMean } from "./wrong/takes-the-mean.ts";
import { tensorByTensor } from "./wrong/tensor-by-tensor.ts";

/** What the projection method claims, and its wrong versions with it. */
const projecting = [
  nonConflictingForTwoTasks,
  permutationEquivariantForTwoTasks,
  keepsAgreeingGradients,
  homogeneous,
  actsOnWholeVector,
  variesWithSeed,
  everyOrder,
  byHand,
];

const cases: readonly Wrong<SurgeryPlugin, SurgerySubject>[] = [
  [orderDiscarded, projecting, "variesWithSeed", ["reachesExactly"]],
  [oneOrderForAll, projecting, "reachesExactly"],
  [includesItself, projecting, "reachesExactly"],
  [
    projectsOnProjected,
    projecting,
    "matchesReference",
    ["nonConflictingForTwoTasks", "permutationEquivariantForTwoTasks", "reachesExactly"],
  ],
  [tensorByTensor, projecting, "actsOnWholeVector"],
  [
    dividesByZero,
    projecting,
    "finiteOnAllSamples",
    ["nonConflictingForTwoTasks", "keepsAgreeingGradients"],
  ],
  [
    takesTheMean,
    [keepsAgreeingGradients, homogeneous, actsOnWholeVector],
    "keepsAgreeingGradients",
  ],
  [elementByElement, [homogeneous, actsOnWholeVector], "actsOnWholeVector"],
  [
    mathRandom,
    [],
    "usesNoMathRandom",
    ["sameSeedSameResult", "trainersShareNothing", "restoresBitIdentically"],
  ],
  [mutatesGramian, [], "leavesInputAlone"],
  [disposesInput, [], "leavesInputAlone"],
  [sharesState, [], "trainersShareNothing"],
  [forgetsState, [], "restoresBitIdentically"],
  [savesAReference, [], "restoresBitIdentically"],
  [leaksInStep, [], "leaksNothing"],
  [readsATensor, [], "readsNoValues"],
];

test.each(
  cases.map(([make, claims, law, also = []]) => ({ fault: make.name, make, claims, law, also })),
)("$fault breaks $law", async ({ make, claims, law, also }) => {
  const laws = [...surgeryObligations, ...claims];
  const found = await brokenLaws(surgerySubject(make), laws, [law, ...also]);
  expect(found.toSorted()).toEqual([law, ...also].toSorted());
});

test("assumesAllPresent breaks bearsAbsentTasks, and falls wherever a task is absent", async () => {
  const found = await brokenLaws(surgerySubject(assumesAllPresent), surgeryObligations);
  expect(found).toContain("bearsAbsentTasks");
  expect(found).not.toContain("wellFormed");
});
