import type { Call, Kernel, Repair } from "../repair.ts";

/**
 * A running sum or product from the end: that of the reversed numbers, reversed.
 *
 * tfjs 4.22, webgpu: going backwards, a pass reads what it has already written.
 */
export const runningBackwards: Repair = {
  on: ["webgpu"],
  kernels: { Cumsum: backwards(), Cumprod: backwards() },
};

function backwards(): Kernel {
  return ({ inputs, attrs, shipped, run, host }: Call) => {
    if (attrs["reverse"] !== true) return shipped(inputs, attrs);
    const dims = [attrs["axis"]];
    const turned = run("Reverse", { x: inputs["x"] }, { dims });
    const sums = shipped({ x: turned }, { ...attrs, reverse: false });
    try {
      return run("Reverse", { x: sums }, { dims });
    } finally {
      host.free(turned);
      host.free(sums);
    }
  };
}
