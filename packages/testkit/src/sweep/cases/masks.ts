import * as tf from "@tensorflow/tfjs";
import type { CaseGroup } from "../case.ts";

/** Comparisons between inputs and result: their value is flat, and so is their gradient. */
export const masks: CaseGroup = {
  "greater than a number": {
    f: (x) => tf.where(tf.greater(x, 0.1), tf.square(x), tf.mul(x, 3)),
    shapes: [[3, 4]],
    clearOf: [0.1],
  },
  "greater or equal": {
    f: (x) => tf.mul(x, tf.cast(tf.greaterEqual(x, 0.1), "float32")),
    shapes: [[3, 4]],
    clearOf: [0.1],
  },
  "less than the other": {
    f: (x, y) => tf.where(tf.less(x, y), x, tf.mul(x, y)),
    shapes: [
      [3, 4],
      [3, 4],
    ],
    values: "distinct",
  },
  "less or equal": {
    f: (x, y) => tf.where(tf.lessEqual(x, y), tf.square(x), y),
    shapes: [
      [3, 4],
      [3, 4],
    ],
    values: "distinct",
  },
  "equal and not equal": {
    f: (x) =>
      tf.mul(x, tf.add(tf.cast(tf.equal(x, 9), "float32"), tf.cast(tf.notEqual(x, 9), "float32"))),
    shapes: [[3, 4]],
  },
  "and, or, not": {
    f: (x, y) => {
      const outside = tf.logicalOr(tf.greater(x, 1.125), tf.less(y, -1.125));
      return tf.where(tf.logicalAnd(tf.less(x, y), tf.logicalNot(outside)), x, tf.mul(x, y));
    },
    shapes: [
      [3, 4],
      [3, 4],
    ],
    values: "distinct",
  },
  "any of a row": {
    f: (x) => tf.mul(x, tf.cast(tf.any(tf.greater(x, 1.2), 1, true), "float32")),
    shapes: [[3, 4]],
    clearOf: [1.2],
  },
  "all of a row": {
    f: (x) => tf.mul(x, tf.cast(tf.all(tf.greater(x, -9), 1, true), "float32")),
    shapes: [[3, 4]],
  },
  "step function": {
    f: (x) => tf.mul(x, tf.step(x, 0.5)),
    shapes: [[3, 4]],
    clearOf: [0],
  },
};
