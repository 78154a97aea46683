import type { ResizeNearestNeighborGradAttrs } from "@tensorflow/tfjs";
import type { Repair } from "../repair.ts";

/**
 * Every output pixel gives its gradient back to the input pixel it was copied from.
 *
 * tfjs 4.22: cpu reads dy at the batch offset of the smaller image, so all but the first image of a batch are wrong;
 * and neither backend's gradient knows `halfPixelCenters`.
 */
export const resizeNearestGradient: Repair = {
  on: ["cpu", "wasm"],
  kernels: {
    ResizeNearestNeighborGrad({ inputs: { dy, images }, attrs, host }) {
      const options = attrs as unknown as ResizeNearestNeighborGradAttrs;
      const [batch, height, width, channels] = images.shape;
      const [, outHeight, outWidth] = dy.shape;
      const rows = sources(height, outHeight, options);
      const columns = sources(width, outWidth, options);
      return host.make(images.shape, "float32", [dy], (out, dys) => {
        let from = 0;
        for (let b = 0; b < batch; b++)
          for (const row of rows)
            for (const column of columns)
              for (let c = 0; c < channels; c++)
                out[((b * height + row) * width + column) * channels + c] += dys[from++];
      });
    },
  },
};

/** For each output position on one axis, the input position it copies: the forward kernel's own rule. */
function sources(
  input: number,
  output: number,
  { alignCorners, halfPixelCenters }: ResizeNearestNeighborGradAttrs,
): number[] {
  const inset = alignCorners && output > 1 ? 1 : 0;
  const scale = (input - inset) / (output - inset);
  return Array.from({ length: output }, (_, o) => {
    const exact = scale * (halfPixelCenters ? o + 0.5 : o);
    return Math.min(input - 1, alignCorners ? Math.round(exact) : Math.floor(exact));
  });
}
