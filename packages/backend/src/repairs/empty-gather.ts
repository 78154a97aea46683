import { backend_util, util } from "@tensorflow/tfjs";
import type { Repair } from "../repair.ts";

/**
 * Gathering from a tensor without numbers gives a tensor without numbers, of the right shape.
 *
 * tfjs 4.22: wasm returns its inner rank-4 shape there and leaks two buffers.
 */
export const emptyGather: Repair = {
  on: ["wasm"],
  kernels: {
    GatherV2({ inputs, attrs, host, shipped }) {
      const { x, indices } = inputs;
      if (!x.shape.includes(0)) return shipped(inputs, attrs);
      const [axis] = util.parseAxisParam(attrs["axis"] as number, x.shape);
      const { outputShape } = backend_util.segment_util.collectGatherOpShapeInfo(
        // only the shapes are read
        x,
        indices,
        axis,
        attrs["batchDims"] as number,
      );
      return host.make(outputShape, x.dtype, [], () => {});
    },
  },
};
