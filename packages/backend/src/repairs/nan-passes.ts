import type { Call, Repair } from "../repair.ts";

/**
 * Clipping leaves NaN as it is, so that a broken step is seen, and works on integers.
 *
 * tfjs 4.22: wasm turns NaN into the lower bound, so a loss that clips its probabilities looks healthy; and it
 * compares the bits of an int32 as if they were a float32.
 */
export const nanPasses: Repair = {
  on: ["wasm"],
  kernels: {
    ClipByValue: (call) =>
      clipped(call, call.attrs["clipValueMin"] as number, call.attrs["clipValueMax"] as number),
    Relu6: (call) => clipped(call, 0, 6),
  },
};

function clipped(
  { inputs, attrs, host, shipped }: Call,
  low: number,
  high: number,
): ReturnType<typeof shipped> {
  const { x } = inputs;
  if (x.dtype !== "float32")
    return host.make(x.shape, x.dtype, [x], (out, values) => {
      for (let i = 0; i < out.length; i++) out[i] = Math.min(Math.max(values[i], low), high);
    });
  // the shipped kernel is some twenty times faster than a loop here; only its NaN are put back
  const fast = shipped(inputs, attrs);
  const out = host.make(x.shape, x.dtype, [x, fast], (out, values, bounded) => {
    out.set(bounded);
    for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) out[i] = NaN;
  });
  host.free(fast);
  return out;
}
