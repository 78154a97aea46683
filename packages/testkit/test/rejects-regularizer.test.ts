import type { RegularizerPlugin } from "@polytask/core";
import {
  changesAfterFirstPenalty,
  gradientMatchesFiniteDifference,
  proxMatchesDefinition,
  regularizerObligations,
  type RegularizerSubject,
  regularizerSubject,
} from "@polytask/testkit";
import { expect, test } from "vitest";
import { brokenLaws, type Wrong } from "./verdict.ts";
import { frozenSchedule } from "./wrong/frozen-schedule.ts";
import { halfGradient } from "./wrong/half-gradient.ts";
import { rootAtZero } from "./wrong/root-at-zero.ts";
import { scheduleByCounter } from "./wrong/schedule-by-counter.ts";
import { shrinksInPenalty } from "./wrong/shrinks-in-penalty.ts";
import { thresholdWithoutRate } from "./wrong/threshold-without-rate.ts";

const absolute = proxMatchesDefinition((columns) =>
  columns.flat().reduce((sum, x) => sum + Math.abs(x), 0),
);

const cases: readonly Wrong<RegularizerPlugin, RegularizerSubject>[] = [
  [rootAtZero, [gradientMatchesFiniteDifference], "finiteEverywhere"],
  [halfGradient, [gradientMatchesFiniteDifference], "gradientMatchesFiniteDifference"],
  [thresholdWithoutRate, [absolute], "proxMatchesDefinition"],
  [frozenSchedule, [changesAfterFirstPenalty], "changesAfterFirstPenalty"],
  [
    scheduleByCounter,
    [changesAfterFirstPenalty],
    "deterministicGivenThePass",
    ["trainersShareNothing"],
  ],
  [
    shrinksInPenalty,
    [],
    "deterministicGivenThePass",
    ["changesNothingItself", "trainersShareNothing"],
  ],
];

test.each(
  cases.map(([make, claims, law, also = []]) => ({ fault: make.name, make, claims, law, also })),
)("$fault breaks $law", async ({ make, claims, law, also }) => {
  const laws = [...regularizerObligations, ...claims];
  const found = await brokenLaws(regularizerSubject(make), laws, [law, ...also]);
  expect(found.toSorted()).toEqual([law, ...also].toSorted());
});
