import { type CaseGroup, gradientCase, type GradientCase } from "./case.ts";
import { activations } from "./cases/activations.ts";
import { attention } from "./cases/attention.ts";
import { broadcasting } from "./cases/broadcasting.ts";
import { convolution } from "./cases/convolution.ts";
import { dense } from "./cases/dense.ts";
import { elementwise } from "./cases/elementwise.ts";
import { embedding } from "./cases/embedding.ts";
import { images } from "./cases/images.ts";
import { indexing } from "./cases/indexing.ts";
import { losses } from "./cases/losses.ts";
import { masks } from "./cases/masks.ts";
import { normalisation } from "./cases/normalisation.ts";
import { pooling } from "./cases/pooling.ts";
import { recurrent } from "./cases/recurrent.ts";
import { reductions } from "./cases/reductions.ts";
import { shape } from "./cases/shape.ts";

const groups: Readonly<Record<string, CaseGroup>> = {
  dense,
  convolution,
  pooling,
  normalisation,
  embedding,
  attention,
  recurrent,
  activations,
  losses,
  reductions,
  broadcasting,
  masks,
  indexing,
  shape,
  elementwise,
  images,
};

/** What networks are made of, op by op, and the uses of ops that tfjs is known to have wrong. */
export const gradientCases: readonly GradientCase[] = Object.entries(groups).flatMap(
  ([group, cases]) =>
    Object.entries(cases).map(([name, options]) => gradientCase(group, name, options)),
);
