import * as tf from "@tensorflow/tfjs";
import type { CaseGroup } from "../case.ts";

export const broadcasting: CaseGroup = {
  "sum with a row": { f: tf.add, shapes: [[3, 4], [4]] },
  "difference with a column": {
    f: tf.sub,
    shapes: [
      [3, 4],
      [3, 1],
    ],
  },
  "product of a column and a row": { f: tf.mul, shapes: [[3, 1], [4]] },
  "product with channels": { f: tf.mul, shapes: [[2, 2, 3, 2], [2]] },
  "product with a number": { f: tf.mul, shapes: [[3, 4], []] },
  quotient: { f: tf.div, shapes: [[3, 4], [4]], values: ["any", "positive"] },
  power: { f: tf.pow, shapes: [[3, 4], [4]], values: ["positive", "any"] },
  "maximum of a matrix and a row": { f: tf.maximum, shapes: [[3, 4], [4]], values: "distinct" },
  "maximum of a column and a row": { f: tf.maximum, shapes: [[3, 1], [4]], values: "distinct" },
  "minimum of a row and a matrix": { f: tf.minimum, shapes: [[4], [3, 4]], values: "distinct" },
  "maximum of two matrices": {
    f: tf.maximum,
    shapes: [
      [3, 4],
      [3, 4],
    ],
    values: "distinct",
  },
  "squared difference of a column and a matrix": {
    f: tf.squaredDifference,
    shapes: [
      [3, 1],
      [3, 4],
    ],
  },
  "squared difference of two matrices": {
    f: tf.squaredDifference,
    shapes: [
      [3, 4],
      [3, 4],
    ],
  },
  "angle of two": { f: tf.atan2, shapes: [[3, 4], [4]], values: "positive" },
  // 4 ± 0.7 over 2.7 ± 0.14: between 1 and 2.
  remainder: {
    f: (x, y) => tf.mod(tf.add(x, 4), tf.add(tf.mul(y, 0.2), 2.7)),
    shapes: [[3, 4], [4]],
    values: "small",
  },
  "broadcast to a shape": {
    f: (x) => tf.square(tf.broadcastTo(x, [2, 3, 4])),
    shapes: [[3, 1]],
  },
};
