import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import { gradient, type Gradients } from "./config.ts";

/**
 * A crop is linear in the image and goes by axis, with weights of each box: y = R·x·Cᵀ, so dx = Rᵀ·dy·C, summed over the
 * boxes of an image. Boxes have no gradient.
 *
 * tfjs 4.22 has none.
 */
export const cropGradients: Gradients = gradient<tf.CropAndResizeAttrs>("CropAndResize", {
  saves: ["image", "boxes", "boxInd"],
  of: (dy, [image, boxes, boxInd], { cropSize: [height, width], method }) => ({
    image: () => {
      const [count, rows, columns, channels] = image.shape;
      const many = boxes.shape[0];
      const [top, left, bottom, right] = tf.split(boxes, 4, 1);
      const down = weights(top, bottom, height, rows, method);
      const across = weights(left, right, width, columns, method);
      const lines = tf.reshape(dy, [many, height, width * channels]);
      const tall = tf.reshape(tf.matMul(down, lines, true), [many, rows, width, channels]);
      const turned = tf.reshape(tf.transpose(tall, [0, 2, 1, 3]), [many, width, rows * channels]);
      const wide = tf.reshape(tf.matMul(across, turned, true), [many, columns, rows, channels]);
      const each = tf.transpose(wide, [0, 2, 1, 3]);
      return tf.unsortedSegmentSum(each, boxInd as tf.Tensor1D, count);
    },
  }),
});

/** How far outside the image a place may come to lie by rounding. */
const ROUNDING = 1e-5;

/** [boxes, size, length]: what each number of the axis counts in each of the crop's; 0 for places outside the image. */
function weights(
  from: Tensor,
  to: Tensor,
  size: number,
  length: number,
  method: "bilinear" | "nearest",
): Tensor {
  const shares = size > 1 ? tf.div(tf.range(0, size), size - 1) : tf.fill([1], 0.5);
  const places = tf.mul(tf.add(from, tf.mul(tf.sub(to, from), shares)), length - 1);
  const slack = ROUNDING * length;
  const isInside = tf.logicalAnd(
    tf.greaterEqual(places, -slack),
    tf.lessEqual(places, length - 1 + slack),
  );
  const near = tf.clipByValue(places, 0, length - 1);
  const exact = method === "nearest" ? tf.floor(tf.add(near, 0.5)) : near;
  const apart = tf.abs(tf.sub(tf.expandDims(exact, -1), tf.range(0, length)));
  return tf.mul(tf.relu(tf.sub(1, apart)), tf.cast(tf.expandDims(isInside, -1), "float32"));
}
