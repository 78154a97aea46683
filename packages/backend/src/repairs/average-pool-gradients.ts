import {
  backend_util,
  type AvgPool3DGradAttrs,
  type AvgPoolGradAttrs,
  type TensorInfo,
} from "@tensorflow/tfjs";
import type { Host } from "../host.ts";
import type { Repair } from "../repair.ts";
import { axes2d, axes3d, windows, type Tap } from "../windows.ts";

/**
 * The gradient of an average over n inputs gives each of them 1/n, where n counts the inputs that exist.
 *
 * tfjs 4.22, cpu and wasm: the forward pass divides by the inputs inside the image, the gradient by the full window,
 * so wherever padding cuts a window off the gradient is too small.
 */
export const averagePoolGradients: Repair = {
  on: ["cpu", "wasm"],
  kernels: {
    AvgPoolGrad({ inputs: { dy, input }, attrs, host }) {
      const { filterSize, strides, pad } = attrs as unknown as AvgPoolGradAttrs;
      const shape = input.shape as [number, number, number, number];
      const info = backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad);
      return gradient(host, dy, input, windows(axes2d(info)));
    },
    AvgPool3DGrad({ inputs: { dy, input }, attrs, host }) {
      const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as AvgPool3DGradAttrs;
      const shape = input.shape as [number, number, number, number, number];
      const info = backend_util.computePool3DInfo(
        shape,
        filterSize,
        strides,
        1,
        pad,
        dimRoundingMode,
      );
      return gradient(host, dy, input, windows(axes3d(info)));
    },
  },
};

function gradient(host: Host, dy: TensorInfo, x: TensorInfo, taps: readonly Tap[][]): TensorInfo {
  const batch = x.shape[0];
  const channels = x.shape[x.shape.length - 1];
  return host.make(x.shape, "float32", [dy], (out, dys) => {
    const positions = out.length / (batch * channels);
    for (let b = 0; b < batch; b++)
      for (let o = 0; o < taps.length; o++)
        for (const tap of taps[o])
          for (let c = 0; c < channels; c++)
            out[(b * positions + tap.input) * channels + c] +=
              dys[(b * taps.length + o) * channels + c] / taps[o].length;
  });
}
