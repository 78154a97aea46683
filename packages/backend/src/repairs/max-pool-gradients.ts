import {
  backend_util,
  type MaxPool3DGradAttrs,
  type MaxPoolGradAttrs,
  type TensorInfo,
} from "@tensorflow/tfjs";
import type { Host } from "../host.ts";
import type { Repair } from "../repair.ts";
import { axes2d, axes3d, windows, type Tap } from "../windows.ts";

/**
 * The gradient of a maximum goes to the first of the largest inputs of its window (cpu's choice among equals).
 *
 * tfjs 4.22: wasm starts its search for the largest input at the smallest *positive* float, so a window without a
 * positive number finds none and its gradient goes to the first number of the whole tensor. Among equals it takes the last.
 */
export const maxPoolGradients: Repair = {
  on: ["wasm"],
  kernels: {
    MaxPoolGrad({ inputs: { dy, input }, attrs, host }) {
      const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as MaxPoolGradAttrs;
      const shape = input.shape as [number, number, number, number];
      const info = backend_util.computePool2DInfo(
        shape,
        filterSize,
        strides,
        1,
        pad,
        dimRoundingMode,
      );
      return gradient(host, dy, input, windows(axes2d(info)));
    },
    MaxPool3DGrad({ inputs: { dy, input }, attrs, host }) {
      const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as MaxPool3DGradAttrs;
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
  return host.make(x.shape, "float32", [dy, x], (out, dys, xs) => {
    const positions = xs.length / (batch * channels);
    for (let b = 0; b < batch; b++)
      for (let o = 0; o < taps.length; o++)
        for (let c = 0; c < channels; c++) {
          let best = -Infinity;
          let at = -1;
          for (const tap of taps[o]) {
            const i = (b * positions + tap.input) * channels + c;
            if (xs[i] > best) {
              best = xs[i];
              at = i;
            }
          }
          if (at >= 0) out[at] += dys[(b * taps.length + o) * channels + c];
        }
  });
}
