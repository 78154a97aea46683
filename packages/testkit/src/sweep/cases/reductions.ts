import * as tf from "@tensorflow/tfjs";
import type { CaseGroup } from "../case.ts";

export const reductions: CaseGroup = {
  "sum of one axis": { f: (x) => tf.sum(x, 0), shapes: [[3, 4]] },
  "sum of two axes": { f: (x) => tf.sum(x, [0, 2], true), shapes: [[2, 3, 4]] },
  "sum of many rows": { f: (x) => tf.sum(x, 0), shapes: [[40, 3]] },
  "mean of all": { f: (x) => tf.mean(tf.square(x)), shapes: [[3, 4]] },
  "mean of parted axes": { f: (x) => tf.mean(x, [0, 2]), shapes: [[3, 2, 4]] },
  variance: { f: (x) => tf.moments(x, 0).variance, shapes: [[4, 3]] },
  max: { f: (x) => tf.max(x, 1), shapes: [[3, 4]], values: "distinct" },
  "max of two axes": { f: (x) => tf.max(x, [0, 2]), shapes: [[2, 3, 2]], values: "distinct" },
  min: { f: (x) => tf.min(x, 0), shapes: [[3, 4]], values: "negative" },
  "product of the last axis": { f: (x) => tf.prod(x, 1), shapes: [[3, 4]] },
  "product of the first axis": { f: (x) => tf.prod(x, 0), shapes: [[3, 4]] },
  "product of the middle axis": { f: (x) => tf.prod(x, 1), shapes: [[2, 3, 2]] },
  // One of the numbers is 0.
  "product with a zero": { f: (x) => tf.prod(x, 1), shapes: [[2, 3]], values: "distinct" },
  "euclidean norm": { f: (x) => tf.norm(x, 2, 1), shapes: [[3, 4]], values: "positive" },
  "norm of a matrix": { f: (x) => tf.norm(x, "euclidean"), shapes: [[3, 4]] },
  "sum of magnitudes": { f: (x) => tf.norm(x, 1, 1), shapes: [[3, 4]], clearOf: [0] },
  "log of summed exponentials": { f: (x) => tf.logSumExp(x, 1), shapes: [[3, 4]] },
  "running sum": { f: (x) => tf.cumsum(x, 1, true), shapes: [[3, 4]] },
  "running sum of the first axis": { f: (x) => tf.square(tf.cumsum(x, 0)), shapes: [[3, 3]] },
  "running sum of the middle axis": {
    f: (x) => tf.square(tf.cumsum(x, 1, true, true)),
    shapes: [[2, 3, 2]],
  },
  "running product": { f: (x) => tf.cumprod(x, 1), shapes: [[2, 4]] },
  "running product, backwards": { f: (x) => tf.cumprod(x, 0, true, true), shapes: [[4, 2]] },
  "running product with a zero": {
    f: (x) => tf.cumprod(x, 1),
    shapes: [[2, 4]],
    values: "distinct",
  },
};
