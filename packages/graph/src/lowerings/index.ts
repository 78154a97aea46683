import type { Lowerings } from "../lowering.ts";
import { activations } from "./activations.ts";
import { binary } from "./arithmetic.ts";
import { convolutions } from "./convolution.ts";
import { crops } from "./crops.ts";
import { depthwise } from "./depthwise.ts";
import { dilations } from "./dilation.ts";
import { elementwise } from "./elementwise.ts";
import { images } from "./images.ts";
import { literals } from "./literals.ts";
import { normalisations } from "./normalisation.ts";
import { pools } from "./pooling.ts";
import { products } from "./products.ts";
import { reductions } from "./reductions.ts";
import { selection } from "./selection.ts";
import { shapes } from "./shape.ts";

/** What every tfjs kernel that the package knows is in nodes of the graph. */
export const lowerings: Lowerings = {
  ...elementwise,
  ...binary,
  ...activations,
  ...literals,
  ...shapes,
  ...reductions,
  ...products,
  ...selection,
  ...convolutions,
  ...depthwise,
  ...pools,
  ...dilations,
  ...normalisations,
  ...images,
  ...crops,
};
