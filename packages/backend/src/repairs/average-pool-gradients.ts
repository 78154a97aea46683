import {
  backend_util,
  type AvgPool3DGradAttrs,
  type AvgPoolGradAttrs,
  type TensorInfo,
} from "@tensorflow/tfjs";
import type { Call, Repair } from "../repair.ts";
import { type Axis, axes2d, axes3d, windows } from "../windows.ts";

/**
 * The gradient of an average over n inputs gives each of them 1/n, where n counts the inputs that exist: that of a full
 * window of m, times m/n.
 *
 * tfjs 4.22, cpu, wasm and webgpu: the forward pass divides by the inputs inside the image, the gradient by the full
 * window, so wherever padding cuts a window off the gradient is too small.
 */
export const averagePoolGradients: Repair = {
  on: ["cpu", "wasm", "webgpu"],
  kernels: {
    AvgPoolGrad(call) {
      const { filterSize, strides, pad } = call.attrs as unknown as AvgPoolGradAttrs;
      const shape = call.inputs["input"].shape as [number, number, number, number];
      return gradient(
        call,
        axes2d(backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad)),
      );
    },
    AvgPool3DGrad(call) {
      const { filterSize, strides, pad, dimRoundingMode } =
        call.attrs as unknown as AvgPool3DGradAttrs;
      const shape = call.inputs["input"].shape as [number, number, number, number, number];
      return gradient(
        call,
        axes3d(backend_util.computePool3DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode)),
      );
    },
  },
};

function gradient({ inputs, attrs, shipped, run, host }: Call, axes: readonly Axis[]): TensorInfo {
  const full = axes.reduce((product, { filter }) => product * filter, 1);
  const counts = windows(axes).map((taps) => taps.length);
  if (counts.every((count) => count === full)) return shipped(inputs, attrs);
  const shape = [...axes.map(({ output }) => output), 1];
  const shares = host.make(shape, "float32", [], (out) => {
    counts.forEach((count, i) => {
      out[i] = full / count;
    });
  });
  const dy = run("Multiply", { a: inputs["dy"], b: shares });
  try {
    return shipped({ ...inputs, dy }, attrs);
  } finally {
    host.free(shares);
    host.free(dy);
  }
}
