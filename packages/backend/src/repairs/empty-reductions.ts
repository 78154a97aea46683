import { backend_util, util } from "@tensorflow/tfjs";
import type { Kernel, Repair } from "../repair.ts";

/**
 * A reduction over an axis of length 0 gives its identity element: no maximum is −∞, no product 1, and so on.
 *
 * tfjs 4.22: wasm returns whatever the memory held; `tf.any(tf.isNaN(empty))` can be true. A task without a single
 * labelled row in a batch meets this. cpu returns NaN for the maximum and minimum, and false for `all`.
 */
export const emptyReductions: Repair = {
  on: ["cpu", "wasm"],
  kernels: {
    Max: unlessEmpty(-Infinity),
    Min: unlessEmpty(Infinity),
    Prod: unlessEmpty(1),
    Any: unlessEmpty(0),
    All: unlessEmpty(1),
  },
};

function unlessEmpty(identity: number): Kernel {
  return ({ inputs, attrs, host, shipped }) => {
    const { x } = inputs;
    if (!x.shape.includes(0)) return shipped(inputs, attrs);
    // Max alone calls its axes reductionIndices
    const axes = util.parseAxisParam(
      (attrs["axis"] ?? attrs["reductionIndices"]) as number | number[],
      x.shape,
    );
    const [kept] = backend_util.computeOutAndReduceShapes(x.shape, axes);
    const shape = attrs["keepDims"] === true ? backend_util.expandShapeToKeepDim(kept, axes) : kept;
    return host.make(shape, x.dtype, [], (out) => out.fill(identity));
  };
}
