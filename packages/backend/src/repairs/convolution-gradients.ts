import {
  backend_util,
  type Conv3DBackpropFilterV2Attrs,
  type Conv3DBackpropInputV2Attrs,
  type DepthwiseConv2dNativeBackpropFilterAttrs,
  type DepthwiseConv2dNativeBackpropInputAttrs,
  type TensorInfo,
} from "@tensorflow/tfjs";
import type { Host } from "../host.ts";
import type { Repair } from "../repair.ts";
import { axes2d, axes3d, windows, type Tap } from "../windows.ts";

type Shape4 = [number, number, number, number];
type Shape5 = [number, number, number, number, number];

/**
 * y[b, o, co] = Σ x[b, i, ci] · w[f, ci, co] over the taps (i, f) of o, and so
 * dx[b, i, ci] = Σ dy[b, o, co] · w[f, ci, co] and dw[f, ci, co] = Σ x[b, i, ci] · dy[b, o, co].
 * A depthwise filter multiplies each input channel with its own m output channels: co = ci · m + k.
 *
 * tfjs 4.22: wasm's conv3d gradients are wrong, its depthwise ones do not exist.
 */
export const convolutionGradients: Repair = {
  on: ["wasm"],
  kernels: {
    Conv3DBackpropInputV2({ inputs: { dy, filter }, attrs, host }) {
      const { strides, pad, inputShape } = attrs as unknown as Conv3DBackpropInputV2Attrs;
      const info = backend_util.computeConv3DInfo(
        inputShape,
        filter.shape as Shape5,
        strides,
        1,
        pad,
      );
      return inputGradient(host, dy, filter, inputShape, windows(axes3d(info)), false);
    },
    Conv3DBackpropFilterV2({ inputs: { x, dy }, attrs, host }) {
      const { strides, pad, filterShape } = attrs as unknown as Conv3DBackpropFilterV2Attrs;
      const info = backend_util.computeConv3DInfo(x.shape as Shape5, filterShape, strides, 1, pad);
      return filterGradient(host, x, dy, filterShape, windows(axes3d(info)), false);
    },
    DepthwiseConv2dNativeBackpropInput({ inputs: { dy, filter }, attrs, host }) {
      const { strides, dilations, pad, dimRoundingMode, inputShape } =
        attrs as unknown as DepthwiseConv2dNativeBackpropInputAttrs;
      const info = backend_util.computeConv2DInfo(
        inputShape,
        filter.shape as Shape4,
        strides,
        dilations,
        pad,
        dimRoundingMode,
        true,
      );
      return inputGradient(host, dy, filter, inputShape, windows(axes2d(info)), true);
    },
    DepthwiseConv2dNativeBackpropFilter({ inputs: { x, dy }, attrs, host }) {
      const { strides, dilations, pad, dimRoundingMode, filterShape } =
        attrs as unknown as DepthwiseConv2dNativeBackpropFilterAttrs;
      const info = backend_util.computeConv2DInfo(
        x.shape as Shape4,
        filterShape,
        strides,
        dilations,
        pad,
        dimRoundingMode,
        true,
      );
      return filterGradient(host, x, dy, filterShape, windows(axes2d(info)), true);
    },
  },
};

/** Calls `visit` for every product of the forward pass, with the flat positions of its x, w and y. */
function products(
  xShape: readonly number[],
  wShape: readonly number[],
  taps: readonly Tap[][],
  depthwise: boolean,
  visit: (x: number, w: number, y: number) => void,
): void {
  const batch = xShape[0];
  const positions = xShape.slice(1, -1).reduce((product, length) => product * length, 1);
  const [channels, outputs] = wShape.slice(-2);
  // a depthwise input channel has its outputs to itself, elsewhere all share them
  const step = depthwise ? outputs : 0;
  const width = depthwise ? channels * outputs : outputs;
  for (let b = 0; b < batch; b++)
    for (let o = 0; o < taps.length; o++)
      for (const tap of taps[o])
        for (let c = 0; c < channels; c++) {
          const x = (b * positions + tap.input) * channels + c;
          const w = (tap.filter * channels + c) * outputs;
          const y = (b * taps.length + o) * width + c * step;
          for (let k = 0; k < outputs; k++) visit(x, w + k, y + k);
        }
}

function inputGradient(
  host: Host,
  dy: TensorInfo,
  filter: TensorInfo,
  shape: readonly number[],
  taps: readonly Tap[][],
  depthwise: boolean,
): TensorInfo {
  return host.make(shape, "float32", [dy, filter], (out, dys, ws) => {
    products(shape, filter.shape, taps, depthwise, (x, w, y) => {
      out[x] += dys[y] * ws[w];
    });
  });
}

function filterGradient(
  host: Host,
  x: TensorInfo,
  dy: TensorInfo,
  shape: readonly number[],
  taps: readonly Tap[][],
  depthwise: boolean,
): TensorInfo {
  return host.make(shape, "float32", [x, dy], (out, xs, dys) => {
    products(x.shape, shape, taps, depthwise, (i, w, y) => {
      out[w] += xs[i] * dys[y];
    });
  });
}
