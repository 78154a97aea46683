import type { Repair } from "../repair.ts";

/**
 * A number is true unless it is 0.
 *
 * tfjs 4.22: wasm stores the number in a byte, so 0.5 and 256 become false and 2 becomes a "true" that is not 1.
 */
export const castToBool: Repair = {
  on: ["wasm"],
  kernels: {
    Cast({ inputs, attrs, host, shipped }) {
      const { x } = inputs;
      if (attrs["dtype"] !== "bool" || x.dtype === "bool") return shipped(inputs, attrs);
      return host.make(x.shape, "bool", [x], (out, values) => {
        for (let i = 0; i < out.length; i++) out[i] = values[i] === 0 ? 0 : 1;
      });
    },
  },
};
