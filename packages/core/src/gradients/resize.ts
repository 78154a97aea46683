import * as tf from "@tensorflow/tfjs";
import type { GradConfig, NamedAttrMap, Tensor } from "@tensorflow/tfjs";
import type { Gradients } from "./config.ts";

/** Which numbers of an axis one number of the resized axis is made of, and with which weights. */
type Taps = (
  exact: number,
  length: number,
) => readonly (readonly [place: number, weight: number])[];

const tapsOf: Readonly<Record<string, Taps>> = {
  // `exact` is the centre in pixels whose centres lie at ½, 1½, …
  ResizeNearestNeighbor: (exact, length) => [[clamp(Math.floor(exact), length), 1]],
  ResizeBilinear: (exact, length) => {
    const low = Math.floor(exact - 0.5);
    const share = exact - 0.5 - low;
    return [
      [clamp(low, length), 1 - share],
      [clamp(low + 1, length), share],
    ];
  },
};

const clamp = (place: number, length: number): number => Math.min(length - 1, Math.max(0, place));

export const resizeKernels: readonly string[] = Object.keys(tapsOf);

/**
 * Resizing is linear and goes by axis: y = R·x·Cᵀ, so dx = Rᵀ·dy·C.
 *
 * tfjs 4.22 takes no notice of `halfPixelCenters` in the gradient.
 */
export const resizeGradient = (shipped: GradConfig): Gradients => ({
  [shipped.kernelName]: {
    ...shipped,
    gradFunc: (dy, saved, attributes: NamedAttrMap) => {
      if (attributes["halfPixelCenters"] !== true) return shipped.gradFunc(dy, saved, attributes);
      const [{ shape }] = saved;
      const taps = tapsOf[shipped.kernelName];
      const of = (rest: Tensor, axis: number): Tensor =>
        alongAxis(rest, axis, weights(taps, rest.shape[axis], shape[axis]));
      return { images: () => of(of(dy as Tensor, 1), 2) };
    },
  },
});

/** [to, from]: how much of each number of the resized axis goes back to each of the axis. */
function weights(taps: Taps, from: number, to: number): Tensor {
  const values = new Float32Array(to * from);
  for (let i = 0; i < from; i++) {
    for (const [place, weight] of taps(((i + 0.5) * to) / from, to))
      values[place * from + i] += weight;
  }
  return tf.tensor2d(values, [to, from]);
}

/** matrix · x along one axis of x. */
function alongAxis(x: Tensor, axis: number, matrix: Tensor): Tensor {
  const order = [axis, ...x.shape.keys()].filter((i, place) => place === 0 || i !== axis);
  const moved = tf.transpose(x, order);
  const product = tf.matMul(matrix, tf.reshape(moved, [x.shape[axis], -1]));
  const shape = [matrix.shape[0], ...moved.shape.slice(1)];
  return tf.transpose(
    tf.reshape(product, shape),
    order.map((_, i) => order.indexOf(i)),
  );
}
