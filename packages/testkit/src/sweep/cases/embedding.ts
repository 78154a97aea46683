import * as tf from "@tensorflow/tfjs";
import type { CaseGroup } from "../case.ts";
import { ids, idsOf } from "./tensors.ts";

export const embedding: CaseGroup = {
  "rows of a table": { f: (x) => tf.gather(x, ids([0, 4, 4, 2])), shapes: [[5, 3]] },
  "rows by a matrix": { f: (x) => tf.gather(x, idsOf([2, 2], [0, 4, 4, 2])), shapes: [[5, 3]] },
  columns: { f: (x) => tf.gather(x, ids([0, 4, 4]), 1), shapes: [[3, 5, 2]] },
  "rows of each example": {
    f: (x) => tf.gather(x, idsOf([2, 2], [0, 1, 3, 3]), 1, 1),
    shapes: [[2, 4, 3]],
  },
  "mean of a bag": {
    f: (x) => tf.mean(tf.gather(x, idsOf([2, 3], [0, 1, 1, 4, 4, 2])), 1),
    shapes: [[5, 3]],
  },
  "product with one-hot rows": {
    f: (x) => tf.matMul(tf.cast(tf.oneHot(ids([0, 4, 4, 2]), 5), "float32"), x),
    shapes: [[5, 3]],
  },
  "segment sum": {
    f: (x) => tf.unsortedSegmentSum(x, ids([0, 3, 2, 2, 1]), 4),
    shapes: [[5, 3]],
  },
  "segment sum, some left out": {
    f: (x) => tf.unsortedSegmentSum(x, ids([0, -1, 2, 2, 1]), 4),
    shapes: [[5, 3]],
  },
};
