import { constant } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import type { Tensor4D } from "@tensorflow/tfjs";
import { bools, floats, ints, numbers } from "../traced.ts";
import { type Case, type Cases, PIECEWISE } from "./case.ts";

const matrix = numbers([3, 4]);
const cube = numbers([2, 3, 4]);
const image = numbers([4, 4, 6, 4]);

/** Kernels that move numbers. */
export const shapes: Cases = {
  reshape: { f: (x) => tf.square(tf.reshape(x, [2, -1])), inputs: [matrix] },
  "expand and squeeze": { f: (x) => tf.squeeze(tf.expandDims(x, -2), [2]), inputs: [cube] },
  transpose: { f: (x) => tf.square(tf.transpose(x, [2, 0, 1])), inputs: [cube] },
  "transpose twice": { f: (x) => tf.transpose(tf.transpose(x, [1, 2, 0])), inputs: [cube] },
  broadcast: { f: (x) => tf.square(tf.broadcastTo(x, [2, 3, 4])), inputs: [numbers([3, 1])] },
  tile: { f: (x) => tf.tile(x, [2, 3]), inputs: [matrix] },
  "tile three axes": { f: (x) => tf.square(tf.tile(x, [2, 1, 3])), inputs: [cube] },
  concat: { f: (x, y) => tf.concat([x, y], 1), inputs: [matrix, numbers([3, 2], 2)] },
  "concat with nothing": {
    f: (x, y) => tf.concat([x, y], 0),
    inputs: [matrix, numbers([0, 4])],
  },
  stack: { f: (x, y) => tf.stack([x, y], 1), inputs: [matrix, numbers([3, 4], 2)] },
  "stack last": { f: (x, y) => tf.stack([x, y], -1), inputs: [matrix, numbers([3, 4], 2)] },
  unstack: { f: (x) => tf.unstack(x, 1), inputs: [cube] },
  split: { f: (x) => tf.split(x, 2, -1), inputs: [cube] },
  "split in parts": { f: (x) => tf.split(x, [1, 3], 1), inputs: [matrix] },
  "unstack of one": { f: (x) => tf.unstack(x, 0), inputs: [numbers([1, 4])] },
  "flip left for right": { f: (x) => tf.image.flipLeftRight(x as Tensor4D), inputs: [image] },
  slice: { f: (x) => tf.slice(x, [1, 2], [2, -1]), inputs: [matrix] },
  "slice of fewer axes": { f: (x) => tf.slice(x, 1, 1), inputs: [cube] },
  "slice with steps": {
    f: (x) => tf.stridedSlice(x, [0, 3], [3, 0], [2, -1]),
    inputs: [matrix],
  },
  "slice with masks": {
    f: (x) => tf.stridedSlice(x, [1, 0, 1], [2, 0, 4], [1, 1, 2], 0, 2, 0, 0, 1),
    meaning: (x) => tf.gather(tf.squeeze(tf.slice(x, [1, 0, 0], [1, 3, 4]), [0]), [1, 3], 1),
    inputs: [cube],
    gradient: "none",
  },
  reverse: { f: (x) => tf.reverse(x, [0, 2]), inputs: [cube] },
  pad: {
    f: (x) =>
      tf.pad(
        x,
        [
          [1, 0],
          [0, 2],
        ],
        2.5,
      ),
    inputs: [matrix],
  },
  "pad by reflection": {
    f: (x) =>
      tf.mirrorPad(
        x,
        [
          [2, 1],
          [0, 3],
        ],
        "reflect",
      ),
    inputs: [matrix],
  },
  "pad by symmetry": {
    f: (x) =>
      tf.mirrorPad(
        x,
        [
          [2, 0],
          [4, 3],
        ],
        "symmetric",
      ),
    inputs: [matrix],
  },
  "space to batch": {
    f: (x) =>
      tf.spaceToBatchND(
        x,
        [2, 3],
        [
          [1, 1],
          [0, 3],
        ],
      ),
    inputs: [image],
  },
  "batch to space": {
    f: (x) =>
      tf.batchToSpaceND(
        x,
        [2, 2],
        [
          [1, 0],
          [0, 1],
        ],
      ),
    inputs: [image],
  },
  "depth to space": {
    f: (x) => tf.depthToSpace(x as Tensor4D, 2, "NHWC"),
    inputs: [image],
  },
  "depth to space, channels first": {
    f: (x) => tf.depthToSpace(x as Tensor4D, 2, "NCHW"),
    meaning: (x) => {
      const channelsLast = tf.transpose(x, [0, 2, 3, 1]) as Tensor4D;
      return tf.transpose(tf.depthToSpace(channelsLast, 2, "NHWC"), [0, 3, 1, 2]);
    },
    inputs: [image],
    gradient: "none",
  },
  "whole numbers and truths": {
    f: (n, b) => [
      ...[tf.transpose(n), tf.concat([n, n], 0), tf.reverse(b, 0), tf.tile(n, [2, 1])],
      ...[
        tf.slice(b, [0, 1], [2, 1]),
        tf.stack([b, b]),
        tf.pad(
          n,
          [
            [1, 0],
            [0, 1],
          ],
          7,
        ),
      ],
    ],
    inputs: [ints([1, 2, 3, 4], [2, 2]), bools([1, 0, 0, 1], [2, 2])],
    gradient: "none",
  },
  literals: {
    f: (x) => [
      ...[tf.onesLike(x), tf.zerosLike(x), tf.fill([2, 3], 2.5), tf.eye(3), tf.zeros([2])],
      ...[tf.range(0, 5), tf.range(5, 0, -2), tf.range(3, 0), tf.range(1, 2, 0.25)],
      ...[tf.linspace(0, 1, 5), tf.linspace(3, 3, 1), tf.range(0, 4, 1, "int32")],
      ...[tf.diag(tf.slice(x, [0, 0], [1, 3])), tf.ones([2], "bool"), tf.range(2, 2)],
    ],
    inputs: [matrix],
    gradient: "none",
  },
};

export const images: Cases = Object.fromEntries(
  [
    [false, false],
    [true, false],
    [false, true],
  ].flatMap(([corners, centers]) =>
    (
      [
        [5, 7],
        [2, 2],
        [3, 1],
      ] as [number, number][]
    ).flatMap((size) => {
      const name = `to ${size.join(" x ")}${corners ? ", corners" : ""}${centers ? ", centers" : ""}`;
      return [
        [
          `bilinear ${name}`,
          {
            f: (x: tf.Tensor) => tf.image.resizeBilinear(x as Tensor4D, size, corners, centers),
            inputs: [numbers([2, 3, 4, 2])],
            gradient: PIECEWISE,
          },
        ],
        [
          `nearest ${name}`,
          {
            f: (x: tf.Tensor) =>
              tf.image.resizeNearestNeighbor(x as Tensor4D, size, corners, centers),
            inputs: [numbers([2, 3, 4, 2])],
            gradient: PIECEWISE,
          },
        ],
      ];
    }),
  ),
);

/** One box of all, one of a part, one that leaves the image. */
const boxes = floats([0, 0, 1, 1, 0.1, 0.2, 0.8, 0.95, -0.2, 0.3, 0.7, 1.3], [3, 4]);

/** Crops of boxes that come with the data, and of known ones, at which the image has a gradient. */
export const crops: Cases = Object.fromEntries(
  (["bilinear", "nearest"] as const).flatMap((method) =>
    (
      [
        [3, 2],
        [1, 5],
      ] as [number, number][]
    ).flatMap((size): [string, Case][] => {
      const crop = (x: tf.Tensor, at: tf.Tensor, of: tf.Tensor): tf.Tensor =>
        tf.image.cropAndResize(
          x as Tensor4D,
          at as tf.Tensor2D,
          of as tf.Tensor1D,
          size,
          method,
          0.5,
        );
      const name = `${method} crops of ${size.join(" x ")}`;
      const known = (x: tf.Tensor): tf.Tensor =>
        crop(
          x,
          constant(() => tf.tensor(boxes.values, [3, 4])),
          constant(() => tf.tensor1d([0, 1, 1], "int32")),
        );
      return [
        [
          name,
          { f: crop, inputs: [numbers([2, 4, 5, 2]), boxes, ints([0, 1, 1])], gradient: "none" },
        ],
        [
          `${name}, of known boxes`,
          { f: known, inputs: [numbers([2, 4, 5, 2])], gradient: PIECEWISE },
        ],
      ];
    }),
  ),
);
