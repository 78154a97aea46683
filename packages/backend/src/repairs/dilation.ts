import { backend_util, type Dilation2DAttrs, type TensorInfo } from "@tensorflow/tfjs";
import type { Numbers } from "../host.ts";
import type { Call, Repair } from "../repair.ts";
import { axes2d, windows } from "../windows.ts";

/**
 * y = max over a window of x + w. Its gradient goes to the first input, and to the first number of the filter, that make
 * the maximum.
 *
 * tfjs 4.22, wasm: the search for the maximum starts at 0, so a window without a positive sum is 0, and has no gradient.
 */
export const dilation: Repair = {
  on: ["wasm"],
  kernels: {
    Dilation2D(call) {
      const { x, filter } = call.inputs;
      const { shape, each } = windowsOf(call);
      return call.host.make(shape, "float32", [x, filter], (out, xs, ws) => {
        each(xs, ws, (y, i, f) => {
          out[y] = xs[i] + ws[f];
        });
      });
    },
    Dilation2DBackpropInput: (call) => gradient(call, "x"),
    Dilation2DBackpropFilter: (call) => gradient(call, "filter"),
  },
};

function gradient(call: Call, of: "x" | "filter"): TensorInfo {
  const { x, filter, dy } = call.inputs;
  const { each } = windowsOf(call);
  return call.host.make(call.inputs[of].shape, "float32", [dy, x, filter], (out, dys, xs, ws) => {
    each(xs, ws, (y, i, f) => {
      out[of === "x" ? i : f] += dys[y];
    });
  });
}

/** Where each number of the result has its maximum: its own place, that in x, that in the filter. */
type Each = (xs: Numbers, ws: Numbers, visit: (y: number, i: number, f: number) => void) => void;

function windowsOf({ inputs: { x, filter }, attrs }: Call): {
  readonly shape: readonly number[];
  readonly each: Each;
} {
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
  return {
    shape: info.outShape,
    each: (xs, ws, visit) => {
      for (let b = 0; b < batch; b++)
        for (let o = 0; o < taps.length; o++)
          for (let c = 0; c < channels; c++) {
            let best = -Infinity;
            let at: readonly [number, number] | undefined;
            for (const tap of taps[o]) {
              const i = (b * height * width + tap.input) * channels + c;
              const f = tap.filter * channels + c;
              if (xs[i] + ws[f] > best) {
                best = xs[i] + ws[f];
                at = [i, f];
              }
            }
            if (at) visit((b * taps.length + o) * channels + c, ...at);
          }
    },
  };
}
