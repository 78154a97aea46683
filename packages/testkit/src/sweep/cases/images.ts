import * as tf from "@tensorflow/tfjs";
import type { CaseGroup } from "../case.ts";
import { ids, numbers, t4 } from "./tensors.ts";

export const images: CaseGroup = {
  "nearest neighbour, one image": {
    f: (x) => tf.image.resizeNearestNeighbor(t4(x), [4, 6]),
    shapes: [[1, 3, 3, 2]],
  },
  "nearest neighbour, a batch": {
    f: (x) => tf.image.resizeNearestNeighbor(t4(x), [4, 6]),
    shapes: [[2, 3, 3, 2]],
  },
  "nearest neighbour, smaller": {
    f: (x) => tf.image.resizeNearestNeighbor(t4(x), [2, 2]),
    shapes: [[2, 3, 3, 2]],
  },
  "nearest neighbour, corners aligned": {
    f: (x) => tf.image.resizeNearestNeighbor(t4(x), [5, 7], true),
    shapes: [[2, 3, 3, 2]],
  },
  "nearest neighbour, by centres": {
    f: (x) => tf.image.resizeNearestNeighbor(t4(x), [5, 7], false, true),
    shapes: [[2, 3, 3, 2]],
  },
  bilinear: {
    f: (x) => tf.image.resizeBilinear(t4(x), [4, 6]),
    shapes: [[2, 3, 3, 2]],
  },
  "bilinear, corners aligned": {
    f: (x) => tf.image.resizeBilinear(t4(x), [5, 4], true),
    shapes: [[2, 3, 3, 2]],
  },
  "bilinear, by centres": {
    f: (x) => tf.image.resizeBilinear(t4(x), [5, 4], false, true),
    shapes: [[2, 3, 3, 2]],
  },
  crops: {
    f: (x) =>
      tf.image.cropAndResize(
        t4(x),
        numbers([0, 0, 1, 1, 0.1, 0.2, 0.8, 0.9], [2, 4]) as tf.Tensor2D,
        ids([0, 1]),
        [2, 2],
      ),
    shapes: [[2, 3, 3, 2]],
  },
  "left for right": { f: (x) => tf.image.flipLeftRight(t4(x)), shapes: [[1, 2, 3, 2]] },
};
