import type { TensorInfo } from "@tensorflow/tfjs";
import type { Call, Repair } from "../repair.ts";

/**
 * Pads more than four axes one after the other, each as the middle one of three.
 *
 * tfjs 4.22, webgpu: its shader for five and six axes does not compile, and the result is whatever the memory held.
 */
export const padding: Repair = {
  on: ["webgpu"],
  kernels: {
    PadV2(call) {
      const { inputs, attrs, shipped, run, host } = call;
      const { x } = inputs;
      const paddings = attrs["paddings"] as readonly (readonly [number, number])[];
      if (x.shape.length <= 4) return shipped(inputs, attrs);
      return paddings.reduce<TensorInfo>(
        (done, pads, axis) => {
          const next = padded(call, done, axis, pads);
          host.free(done);
          return next;
        },
        run("Identity", { x }),
      );
    },
  },
};

function padded(
  { attrs, shipped, run, host }: Call,
  x: TensorInfo,
  axis: number,
  [before, after]: readonly [number, number],
): TensorInfo {
  const size = (from: number, to?: number): number =>
    x.shape.slice(from, to).reduce((product, length) => product * length, 1);
  const shape = [size(0, axis), x.shape[axis], size(axis + 1)];
  const middle = run("Reshape", { x }, { shape });
  const none = [0, 0];
  const wide = shipped({ x: middle }, { ...attrs, paddings: [none, [before, after], none] });
  const whole = x.shape.map((length, i) => (i === axis ? before + length + after : length));
  try {
    return run("Reshape", { x: wide }, { shape: whole });
  } finally {
    host.free(middle);
    host.free(wide);
  }
}
