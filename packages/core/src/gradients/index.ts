import * as tf from "@tensorflow/tfjs";
import type { GradConfig } from "@tensorflow/tfjs";
import { broadcastGradients } from "./broadcast.ts";
import type { Gradients } from "./config.ts";
import { dilatedGradient, transposedGradients } from "./convolution.ts";
import { cropGradients } from "./crops.ts";
import { einsumGradients } from "./einsum.ts";
import { flatGradients } from "./flat.ts";
import { resizeGradient, resizeKernels } from "./resize.ts";
import { scanGradients } from "./scan.ts";
import { selectionGradients } from "./selection.ts";
import { spaceGradients } from "./space.ts";

/** Declared as always there; it is not. */
const registered = tf.getGradient as (kernel: string) => GradConfig | undefined;

const composed: Gradients = {
  ...broadcastGradients,
  ...flatGradients,
  ...scanGradients,
  ...selectionGradients,
  ...einsumGradients,
  ...spaceGradients,
  ...transposedGradients,
  ...cropGradients,
};

/** Convolutions by kernel, with how many spatial axes they have. */
const convolutions = { Conv2D: 2, Conv3D: 3, DepthwiseConv2dNative: 2 };

/** What tfjs had when this was loaded: anything else is somebody's own, and stays. */
const shipped = new Map(
  [...Object.keys(composed), ...Object.keys(convolutions), ...resizeKernels].map((name) => [
    name,
    registered(name),
  ]),
);
let done = false;

/**
 * Puts gradients right that tfjs 4.22 has wrong or lacks, on every backend: a kernel's gradient belongs to tfjs, not to
 * a backend. Once per process, when the first tape is opened; gradients that others registered stay theirs.
 */
export function repairGradients(): void {
  if (done) return;
  done = true;
  for (const [kernel, config] of Object.entries(composed)) register(kernel, config);
  for (const [kernel, axes] of Object.entries(convolutions)) {
    const before = shipped.get(kernel);
    if (before) register(kernel, dilatedGradient(before, axes)[kernel]);
  }
  for (const kernel of resizeKernels) {
    const before = shipped.get(kernel);
    if (before) register(kernel, resizeGradient(before)[kernel]);
  }
}

function register(kernel: string, config: GradConfig): void {
  if (registered(kernel) === shipped.get(kernel)) tf.registerGradient(config);
}
