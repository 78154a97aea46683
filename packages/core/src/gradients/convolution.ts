import * as tf from "@tensorflow/tfjs";
import type { GradConfig, NamedAttrMap, Tensor } from "@tensorflow/tfjs";
import { gradient, type Gradients } from "./config.ts";
import { spread } from "./space.ts";

/**
 * A dilated convolution is a plain one whose filter has zeros between its numbers, so its gradient is that one's, with
 * the zeros' places left out again.
 *
 * tfjs 4.22 refuses the gradient of what is dilated.
 */
export const dilatedGradient = (shipped: GradConfig, axes: number): Gradients => ({
  [shipped.kernelName]: {
    ...shipped,
    gradFunc: (dy, saved, attributes) => {
      const dilations = dilationsOf(attributes, axes);
      if (dilations.every((by) => by === 1)) return shipped.gradFunc(dy, saved, attributes);
      const [x, filter] = saved;
      const wide = tf.tidy(() =>
        dilations.reduce(
          (done, by, axis) => spread(done, axis, 0, by, (filter.shape[axis] - 1) * by + 1),
          filter,
        ),
      );
      const plain = { ...attributes, dilations: dilations.map(() => 1) };
      const whole = shipped.gradFunc(dy, [x, wide], plain);
      return { ...whole, filter: () => tapsOf(whole["filter"](), filter.shape, dilations) };
    },
  },
});

/** A transposed convolution is linear in data and filter; tfjs 4.22 has no gradient of it over three axes. */
export const transposedGradients: Gradients = gradient<tf.Conv3DBackpropInputV2Attrs>(
  "Conv3DBackpropInputV2",
  {
    saves: ["dy", "filter"],
    of: (dy, [data, filter], { strides, pad }) => ({
      dy: () => tf.conv3d(dy as tf.Tensor5D, filter as tf.Tensor5D, strides, pad),
      filter: () =>
        tf
          .engine()
          .runKernel(
            "Conv3DBackpropFilterV2",
            { x: dy, dy: data },
            { strides, pad, filterShape: filter.shape },
          ),
    }),
  },
);

function dilationsOf(attributes: NamedAttrMap, axes: number): readonly number[] {
  const given = attributes["dilations"] as number | readonly number[] | null | undefined;
  return Array.from({ length: axes }, (_, i) =>
    typeof given === "object" && given !== null ? given[i] : (given ?? 1),
  );
}

/** Every so manieth number of each dilated axis. */
const tapsOf = (wide: Tensor, shape: readonly number[], dilations: readonly number[]): Tensor =>
  dilations.reduce(
    (rest, by, axis) =>
      by === 1 ? rest : tf.gather(rest, tf.range(0, shape[axis] * by, by, "int32"), axis),
    wide,
  );
