import type { TensorInfo } from "@tensorflow/tfjs";
import type { Attributes, Inputs, Repair } from "../repair.ts";

/** tfjs's names of activations, and of the kernels that compute them. */
const activations: Readonly<Record<string, string>> = {
  relu: "Relu",
  relu6: "Relu6",
  elu: "Elu",
  sigmoid: "Sigmoid",
  prelu: "Prelu",
  leakyrelu: "LeakyRelu",
};

/**
 * activation(a·b + bias), step by step wherever the fused kernel is wrong.
 *
 * tfjs 4.22: beyond XNNPACK's case (one matrix each, nothing transposed) wasm's fused product adds the wrong bias and
 * applies the activation to partial sums, in the forward pass; and it refuses a bias that is not a vector.
 */
export const fusedProduct: Repair = {
  on: ["wasm"],
  kernels: {
    _FusedMatMul({ inputs, attrs, host, run, shipped }) {
      const { a, b } = inputs;
      const { bias, preluActivationWeights: alpha } = inputs as Record<
        string,
        TensorInfo | undefined
      >;
      const flagged = attrs["transposeA"] === true || attrs["transposeB"] === true;
      const single = a.shape[0] === 1 && b.shape[0] === 1 && ![...a.shape, ...b.shape].includes(0);
      if (single && !flagged && (!bias || bias.shape.length === 1)) return shipped(inputs, attrs);

      let out = run("BatchMatMul", { a, b }, attrs);
      const then = (kernel: string, inputs: Inputs, options: Attributes = {}): void => {
        const before = out;
        try {
          out = run(kernel, inputs, options);
        } finally {
          host.free(before);
        }
      };
      if (bias) then("Add", { a: out, b: bias });
      const kernel = activations[attrs["activation"] as string];
      if (kernel)
        then(kernel, alpha ? { x: out, alpha } : { x: out }, { alpha: attrs["leakyreluAlpha"] });
      return out;
    },
  },
};
