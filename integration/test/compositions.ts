/** Every architecture with every weighting and every surgery, on two tasks of different type, 30 % of the labels missing. */
import { mmoe } from "@polytask/arch-mmoe";
import { ple } from "@polytask/arch-ple";
import { sharedBottom } from "@polytask/arch-shared-bottom";
import { softSharing } from "@polytask/arch-soft-sharing";
import {
  type ArchitecturePlugin,
  binary,
  equal,
  input,
  type Parts,
  regression,
  seededRandom,
  type SurgeryPlugin,
  type WeightingPlugin,
} from "@polytask/core";
import { adam } from "@polytask/optimizers";
import { pcgrad } from "@polytask/surgery-pcgrad";
import { dwa } from "@polytask/weighting-dwa";
import { gradNorm } from "@polytask/weighting-gradnorm";
import { uncertainty } from "@polytask/weighting-uncertainty";
import { equalNorms } from "polytask-third-party-plugin";

export type Names = "click" | "price";

const architectures: Readonly<Record<string, () => ArchitecturePlugin<Names>>> = {
  "shared bottom": () => sharedBottom({ hidden: [6], towers: [4] }),
  "soft sharing": () => softSharing({ hidden: [6], towers: [4], strength: 1e-2 }),
  MMoE: () => mmoe({ experts: 3, hidden: [6], towers: { click: [4] }, dropout: 0.2 }),
  PLE: () => ple({ levels: 2, sharedExperts: 1, taskExperts: 1, hidden: [5], towers: [4] }),
};
const weightings: Readonly<Record<string, () => WeightingPlugin<Names>>> = {
  equal: () => equal(),
  uncertainty: () => uncertainty(),
  GradNorm: () => gradNorm(),
  DWA: () => dwa(),
};
const surgeries: Readonly<Record<string, (() => SurgeryPlugin<Names>) | undefined>> = {
  none: undefined,
  PCGrad: () => pcgrad(),
  "third party": () => equalNorms(),
};

const ROWS = 24;
export const BATCH = 8;

export const tasks = { click: binary(), price: regression() };

export const data = (() => {
  const random = seededRandom(3)("data");
  const inputs = Float32Array.from({ length: ROWS * 5 }, () => random.normal());
  const unless = (value: number): number | null => (random.uniform() < 0.3 ? null : value);
  return {
    inputs,
    labels: {
      click: Array.from({ length: ROWS }, (_, i) => unless(inputs[i * 5] > 0 ? 1 : 0)),
      price: Array.from({ length: ROWS }, (_, i) => unless(inputs[i * 5 + 1] + inputs[i * 5 + 2])),
    },
  };
})();

export const combinations = Object.entries(architectures).flatMap(
  ([architecture, makeArchitecture]) =>
    Object.entries(weightings).flatMap(([weighting, makeWeighting]) =>
      Object.entries(surgeries).map(([surgery, makeSurgery]) => ({
        title: `${architecture} × ${weighting} × ${surgery}`,
        parts: (): Parts<Names> => ({
          architecture: makeArchitecture(),
          encoder: input([5]),
          weighting: makeWeighting(),
          optimizer: adam({ learningRate: 1e-2 }),
          ...(makeSurgery && { surgery: makeSurgery() }),
        }),
      })),
    ),
);
