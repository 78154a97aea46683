import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import type { CaseGroup } from "../case.ts";
import { t4 } from "./tensors.ts";

const both = (parts: Tensor[]): Tensor => tf.mul(parts[0], parts[1]);

export const shape: CaseGroup = {
  reshape: { f: (x) => tf.square(tf.reshape(x, [2, 6])), shapes: [[3, 4]] },
  transpose: { f: (x) => tf.square(tf.transpose(x, [2, 0, 1])), shapes: [[2, 3, 4]] },
  reverse: { f: (x) => tf.reverse(x, 1), shapes: [[3, 4]] },
  concat: {
    f: (x, y) => tf.concat([x, y], 1),
    shapes: [
      [3, 4],
      [3, 2],
    ],
  },
  stack: {
    f: (x, y) => tf.stack([x, y], 1),
    shapes: [
      [3, 4],
      [3, 4],
    ],
  },
  split: { f: (x) => both(tf.split(x, 2, 1)), shapes: [[3, 4]] },
  unstack: { f: (x) => both(tf.unstack(x, 0)), shapes: [[2, 4]] },
  "unstack of one": { f: (x) => tf.square(tf.unstack(x, 0)[0]), shapes: [[1, 4]] },
  tile: { f: (x) => tf.square(tf.tile(x, [2, 3])), shapes: [[3, 4]] },
  "tile of five axes": { f: (x) => tf.tile(x, [2, 1, 1, 3, 1]), shapes: [[1, 2, 1, 2, 2]] },
  pad: {
    f: (x) =>
      tf.pad(x, [
        [1, 0],
        [0, 2],
      ]),
    shapes: [[3, 4]],
  },
  "reflected border": {
    f: (x) =>
      tf.square(
        tf.mirrorPad(
          x,
          [
            [2, 1],
            [0, 3],
          ],
          "reflect",
        ),
      ),
    shapes: [[3, 4]],
  },
  "mirrored border": {
    f: (x) =>
      tf.square(
        tf.mirrorPad(
          x,
          [
            [2, 3],
            [1, 0],
          ],
          "symmetric",
        ),
      ),
    shapes: [[3, 4]],
  },
  "space to batch": {
    f: (x) =>
      tf.spaceToBatchND(
        x,
        [2, 2],
        [
          [0, 1],
          [1, 0],
        ],
      ),
    shapes: [[1, 3, 3, 2]],
  },
  "batch to space": {
    f: (x) =>
      tf.batchToSpaceND(
        x,
        [2, 2],
        [
          [0, 1],
          [1, 0],
        ],
      ),
    shapes: [[4, 2, 2, 2]],
  },
  "depth to space": {
    f: (x) => tf.square(tf.depthToSpace(t4(x), 2)),
    shapes: [[1, 2, 3, 4]],
  },
  "diagonal matrix": { f: (x) => tf.square(tf.diag(x)), shapes: [[3]] },
};
