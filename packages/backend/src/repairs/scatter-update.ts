import type { Repair } from "../repair.ts";

/**
 * The tensor with updates put at the indices, as a tensor of its own; of several at one place the last.
 *
 * tfjs 4.22, cpu: puts them into the operand itself.
 */
export const scatterUpdate: Repair = {
  on: ["cpu"],
  kernels: {
    TensorScatterUpdate({ inputs, attrs, shipped, host }) {
      const { tensor } = inputs;
      const copy = host.make(tensor.shape, tensor.dtype, [tensor], (out, values) => {
        out.set(values);
      });
      try {
        return shipped({ ...inputs, tensor: copy }, attrs);
      } finally {
        host.free(copy);
      }
    },
  },
};
