import * as tf from "@tensorflow/tfjs";
import type { CaseGroup } from "../case.ts";
import { ids, idsOf, numbers, truths } from "./tensors.ts";

export const indexing: CaseGroup = {
  slice: { f: (x) => tf.slice(x, [1, 2], [2, 2]), shapes: [[4, 5]] },
  "slice with steps": {
    f: (x) => tf.square(tf.stridedSlice(x, [0, 3], [5, 0], [2, -1])),
    shapes: [[5, 4]],
  },
  "slice with a new axis": {
    f: (x) => tf.stridedSlice(x, [0, 0, 1], [3, 0, 4], [2, 1, 2], 0, 0, 0, 2),
    shapes: [[3, 4]],
  },
  "numbers by coordinates": {
    f: (x) => tf.gatherND(x, idsOf([3, 2], [0, 1, 2, 3, 0, 1])),
    shapes: [[3, 4]],
  },
  "rows by coordinates": {
    f: (x) => tf.gatherND(x, idsOf([3, 1], [2, 0, 2])),
    shapes: [[3, 4]],
  },
  "rows put by coordinates": {
    f: (x) => tf.scatterND(idsOf([3, 1], [2, 0, 2]), x, [4, 2]),
    shapes: [[3, 2]],
  },
  "rows replaced by coordinates": {
    f: (x, y) => tf.tensorScatterUpdate(x, idsOf([2, 1], [2, 0]), y),
    shapes: [
      [4, 2],
      [2, 2],
    ],
  },
  "top two": { f: (x) => tf.square(tf.topk(x, 2).values), shapes: [[3, 5]], values: "distinct" },
  "number at the largest": {
    f: (x, y) => tf.mul(y, tf.cast(tf.oneHot(tf.argMax(x, 1), 4), "float32")),
    shapes: [
      [3, 4],
      [3, 4],
    ],
    values: ["distinct", "any"],
  },
  where: {
    f: (x, y) => tf.where(truths([2, 3], [1, 0, 1, 0, 0, 1]), x, y),
    shapes: [
      [2, 3],
      [2, 3],
    ],
  },
  "where by row": {
    f: (x, y) => tf.where(truths([2, 1], [1, 0]), x, y),
    shapes: [
      [2, 3],
      [2, 3],
    ],
  },
  "dropout by a given mask": {
    f: (x) => tf.div(tf.mul(x, numbers([1, 0, 1, 1])), 0.75),
    shapes: [[3, 4]],
  },
  "rows in another order": { f: (x) => tf.square(tf.gather(x, ids([2, 0, 1]))), shapes: [[3, 4]] },
};
