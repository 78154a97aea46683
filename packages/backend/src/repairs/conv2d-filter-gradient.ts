import { backend_util, type Conv2DBackpropFilterAttrs, type TensorInfo } from "@tensorflow/tfjs";
import type { Repair } from "../repair.ts";

type Shape4 = [number, number, number, number];

/**
 * dW[kh, kw, ci, co] = Σ x[n, oh·s + kh − top, ow·s + kw − left, ci] · dy[n, oh, ow, co].
 * That is itself a convolution: channels of x as its batch, the batch as its channels, dy as its filter and the stride
 * as its dilation; so wasm's fast forward kernel computes it.
 *
 * tfjs 4.22: wasm has no such kernel, so conv1d, conv2d and conv2dTranspose do not train.
 */
export const conv2dFilterGradient: Repair = {
  on: ["wasm"],
  kernels: {
    Conv2DBackpropFilter({ inputs: { x, dy }, attrs, host, run }) {
      const { strides, pad, dimRoundingMode, dataFormat, filterShape } =
        attrs as unknown as Conv2DBackpropFilterAttrs;
      const format = backend_util.convertConv2DDataFormat(dataFormat);
      const info = backend_util.computeConv2DInfo(
        x.shape as Shape4,
        filterShape,
        strides,
        1,
        pad,
        dimRoundingMode,
        false,
        format,
      );
      // XNNPACK refuses zero channels and leaves the output unset
      if (x.shape.includes(0) || dy.shape.includes(0))
        return host.make(filterShape, "float32", [], () => {});
      const { strideHeight, strideWidth, padInfo } = info;
      const [, height, width] = x.shape;
      const [, outHeight, outWidth] = dy.shape;
      const bottom = filterShape[0] + (outHeight - 1) * strideHeight - height - padInfo.top;
      const right = filterShape[1] + (outWidth - 1) * strideWidth - width - padInfo.left;

      const made: TensorInfo[] = [];
      const keep = (info: TensorInfo): TensorInfo => {
        made.push(info);
        return info;
      };
      try {
        // negative padding: the last rows and columns were never seen by the filter
        const size = [
          x.shape[0],
          height + Math.min(bottom, 0),
          width + Math.min(right, 0),
          x.shape[3],
        ];
        const seen =
          bottom < 0 || right < 0 ? keep(run("Slice", { x }, { begin: [0, 0, 0, 0], size })) : x;
        const input = keep(run("Transpose", { x: seen }, { perm: [3, 1, 2, 0] }));
        const filter = keep(run("Transpose", { x: dy }, { perm: [1, 2, 0, 3] }));
        const product = keep(
          run(
            "Conv2D",
            { x: input, filter },
            {
              strides: 1,
              dilations: [strideHeight, strideWidth],
              pad: [
                [0, 0],
                [padInfo.top, Math.max(bottom, 0)],
                [padInfo.left, Math.max(right, 0)],
                [0, 0],
              ],
              dataFormat: "NHWC",
            },
          ),
        );
        return run("Transpose", { x: product }, { perm: [1, 2, 0, 3] });
      } finally {
        made.forEach(host.free);
      }
    },
  },
};
