/** Every technique keeps its contract on the compiled engine too; on the eager one its own package says so. */
import { cgc, ple } from "@polytask/arch-ple";
import { mlMmoe, mmoe } from "@polytask/arch-mmoe";
import { hierarchical, sharedBottom } from "@polytask/arch-shared-bottom";
import { softSharing } from "@polytask/arch-soft-sharing";
import { equal } from "@polytask/core";
import { traceNorm } from "@polytask/regularizer-low-rank";
import { l1, l2 } from "@polytask/regularizer-norms";
import { pcgrad } from "@polytask/surgery-pcgrad";
import {
  describeArchitecture,
  describeRegularizer,
  describeSurgery,
  describeWeighting,
} from "@polytask/testkit";
import { dwa } from "@polytask/weighting-dwa";
import { gradNorm } from "@polytask/weighting-gradnorm";
import { uncertainty } from "@polytask/weighting-uncertainty";
import { customizedSharing, equalNorms } from "polytask-third-party-plugin";
import { describe } from "vitest";
import { engine } from "./compiled-engine.ts";

const shape = { hidden: [4], towers: [3] };

describe.each([
  ["sharedBottom", () => sharedBottom({ ...shape, dropout: 0.3 })],
  ["hierarchical", () => hierarchical({ layers: [5, 4], attach: { a: 0, b: 1, c: 1 } })],
  ["softSharing", () => softSharing({ ...shape, strength: 0.1 })],
  ["mmoe", () => mmoe({ ...shape, experts: 3, gateDropout: 0.3 })],
  ["mlMmoe", () => mlMmoe({ ...shape, experts: 2, levels: 2 })],
  ["cgc", () => cgc({ ...shape, sharedExperts: 2, taskExperts: 1 })],
  ["ple", () => ple({ ...shape, sharedExperts: 1, taskExperts: 2, levels: 2 })],
  ["customizedSharing", () => customizedSharing({ shared: 5, own: 3 })],
])("%s", (_, make) => {
  describeArchitecture(make, { engine });
});

describe.each([
  ["equal", () => equal()],
  ["uncertainty", () => uncertainty()],
  ["gradNorm", () => gradNorm()],
  ["dwa", () => dwa()],
])("%s", (_, make) => {
  describeWeighting(make, { engine });
});

describe.each([
  ["pcgrad", () => pcgrad()],
  ["equalNorms", () => equalNorms()],
])("%s", (_, make) => {
  describeSurgery(make, { engine });
});

describe.each([
  ["l1", () => l1(0.3)],
  ["l1 as a step", () => l1({ strength: 0.3, prox: true })],
  ["l2, scheduled", () => l2(({ step, epoch }) => 1 / (1 + step) + epoch)],
  ["traceNorm", () => traceNorm({ strength: 0.7, prox: false })],
  ["traceNorm as a step", () => traceNorm({ strength: 0.7 })],
])("%s", (_, make) => {
  describeRegularizer(make, { engine });
});
