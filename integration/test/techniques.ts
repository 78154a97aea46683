/** Every technique of this repository by itself, on the two tasks of `compositions.ts`. */
import { mlMmoe, mmoe, omoe } from "@polytask/arch-mmoe";
import { cgc, ple } from "@polytask/arch-ple";
import { hierarchical, sharedBottom } from "@polytask/arch-shared-bottom";
import { softSharing } from "@polytask/arch-soft-sharing";
import { equal, input, type Parts } from "@polytask/core";
import { traceNorm } from "@polytask/regularizer-low-rank";
import { l1, l2 } from "@polytask/regularizer-norms";
import { pcgrad } from "@polytask/surgery-pcgrad";
import { dwa } from "@polytask/weighting-dwa";
import { gradNorm } from "@polytask/weighting-gradnorm";
import { uncertainty } from "@polytask/weighting-uncertainty";
import { customizedSharing, equalNorms } from "polytask-third-party-plugin";
import type { Names } from "./compositions.ts";

const shape = { hidden: [4], towers: [3] };
const alone: Readonly<Record<string, () => Partial<Parts<Names>>>> = {
  sharedBottom: () => ({ architecture: sharedBottom({ ...shape, dropout: 0.3 }) }),
  hierarchical: () => ({
    architecture: hierarchical({ layers: [5, 4], attach: { click: 0, price: 1 } }),
  }),
  softSharing: () => ({ architecture: softSharing({ ...shape, strength: 0.1 }) }),
  mmoe: () => ({ architecture: mmoe({ ...shape, experts: 3, gateDropout: 0.3 }) }),
  omoe: () => ({ architecture: omoe({ ...shape, experts: 3 }) }),
  mlMmoe: () => ({ architecture: mlMmoe({ ...shape, experts: 2, levels: 2 }) }),
  cgc: () => ({ architecture: cgc({ ...shape, sharedExperts: 2, taskExperts: 1 }) }),
  ple: () => ({ architecture: ple({ ...shape, sharedExperts: 1, taskExperts: 2, levels: 2 }) }),
  customizedSharing: () => ({ architecture: customizedSharing({ shared: 5, own: 3 }) }),
  equal: () => ({ weighting: equal() }),
  uncertainty: () => ({ weighting: uncertainty() }),
  gradNorm: () => ({ weighting: gradNorm() }),
  dwa: () => ({ weighting: dwa() }),
  pcgrad: () => ({ surgery: pcgrad() }),
  equalNorms: () => ({ surgery: equalNorms() }),
  l1: () => ({ regularizers: [l1(0.3)] }),
  "l1 as a step": () => ({ regularizers: [l1({ strength: 0.3, prox: true })] }),
  l2: () => ({ regularizers: [l2(({ step, epoch }) => 1 / (1 + step) + epoch)] }),
  traceNorm: () => ({ regularizers: [traceNorm({ strength: 0.7, prox: false })] }),
  "traceNorm as a step": () => ({ regularizers: [traceNorm({ strength: 0.7 })] }),
};

export const techniques = Object.entries(alone).map(([title, parts]) => ({
  title,
  parts: (): Omit<Parts<Names>, "engine" | "optimizer"> => ({
    encoder: input([5]),
    architecture: sharedBottom(shape),
    ...parts(),
  }),
}));
