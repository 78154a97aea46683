import type { Repair } from "../repair.ts";
import { averagePoolGradients } from "./average-pool-gradients.ts";
import { broadcastBatches } from "./broadcast-batches.ts";
import { castToBool } from "./cast-to-bool.ts";
import { conv2dFilterGradient } from "./conv2d-filter-gradient.ts";
import { convolutionGradients } from "./convolution-gradients.ts";
import { dilation } from "./dilation.ts";
import { einsum } from "./einsum.ts";
import { emptyGather } from "./empty-gather.ts";
import { emptyReductions } from "./empty-reductions.ts";
import { fusedProduct } from "./fused-product.ts";
import { maxPoolGradients } from "./max-pool-gradients.ts";
import { nanPasses } from "./nan-passes.ts";
import { numberedPadding } from "./numbered-padding.ts";
import { oneHot } from "./one-hot.ts";
import { padding } from "./padding.ts";
import { products } from "./products.ts";
import { resizeNearestGradient } from "./resize-nearest-gradient.ts";
import { runningBackwards } from "./running-backwards.ts";
import { scatterUpdate } from "./scatter-update.ts";
import { segmentSum } from "./segment-sum.ts";
import { sums } from "./sums.ts";

/** Every repair; each says on which backends it is needed. */
export const repairs: readonly Repair[] = [
  products,
  broadcastBatches,
  fusedProduct,
  einsum,
  segmentSum,
  sums,
  emptyReductions,
  emptyGather,
  castToBool,
  oneHot,
  padding,
  numberedPadding,
  runningBackwards,
  scatterUpdate,
  nanPasses,
  maxPoolGradients,
  averagePoolGradients,
  dilation,
  conv2dFilterGradient,
  convolutionGradients,
  resizeNearestGradient,
];
