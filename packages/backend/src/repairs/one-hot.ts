import type { Repair } from "../repair.ts";

/** tfjs 4.22, wasm: writes whole numbers whatever type is asked for; read as float32 they are almost 0. */
export const oneHot: Repair = {
  on: ["wasm"],
  kernels: {
    OneHot({ inputs, attrs, shipped, run, host }) {
      if (attrs["dtype"] !== "float32") return shipped(inputs, attrs);
      const whole = shipped(inputs, { ...attrs, dtype: "int32" });
      try {
        return run("Cast", { x: whole }, { dtype: "float32" });
      } finally {
        host.free(whole);
      }
    },
  },
};
