import { backend_util, type Dilation2DAttrs, type TensorInfo } from "@tensorflow/tfjs";
import type { Call, Repair } from "../repair.ts";
import { axes2d, windows } from "../windows.ts";

/**
 * The gradient of y = max over a window of x + w goes to the first input, and to the first number of the filter, that make
 * the maximum.
 *
 * tfjs 4.22, wasm: wrong.
 */
export const dilationGradients: Repair = {
  on: ["wasm"],
  kernels: {
    Dilation2DBackpropInput: (call) => gradient(call, "x"),
    Dilation2DBackpropFilter: (call) => gradient(call, "filter"),
  },
};

function gradient({ inputs, attrs, host }: Call, of: "x" | "filter"): TensorInfo {
  const { x, filter, dy } = inputs;
  const { strides, pad, dilations } = attrs as unknown as Dilation2DAttrs;
  const info = backend_util.computeDilation2DInfo(
    x.shape as [number, number, number, number],
    filter.shape as [number, number, number],
    strides,
    pad,
    "NHWC",
    dilations,
  );
  const taps = windows(axes2d(info));
  const [batch, height, width, channels] = x.shape;
  return host.make(inputs[of].shape, "float32", [dy, x, filter], (out, dys, xs, ws) => {
    for (let b = 0; b < batch; b++)
      for (let o = 0; o < taps.length; o++)
        for (let c = 0; c < channels; c++) {
          let best = -Infinity;
          let at = -1;
          for (const tap of taps[o]) {
            const i = (b * height * width + tap.input) * channels + c;
            const f = tap.filter * channels + c;
            if (xs[i] + ws[f] > best) {
              best = xs[i] + ws[f];
              at = of === "x" ? i : f;
            }
          }
          if (at >= 0) out[at] += dys[(b * taps.length + o) * channels + c];
        }
  });
}
