import * as tf from "@tensorflow/tfjs";
import type { Tensor1D } from "@tensorflow/tfjs";
import { bools, floats, ints, numbers } from "../traced.ts";
import type { Cases } from "./case.ts";

const table = numbers([5, 3]);

export const selection: Cases = {
  gather: { f: (x, i) => tf.gather(x, i), inputs: [table, ints([0, 4, 4, 2])] },
  "gather by a matrix": {
    f: (x, i) => tf.gather(x, i),
    inputs: [table, ints([0, 4, 4, 2], [2, 2])],
  },
  "gather columns": {
    f: (x, i) => tf.gather(x, i, 1),
    inputs: [numbers([3, 5, 2]), ints([0, 4, 4])],
  },
  "gather from the last axis": {
    f: (x, i) => tf.gather(x, i, -1),
    inputs: [table, ints([2, 0])],
  },
  "gather per batch": {
    f: (x, i) => tf.gather(x, i, 1, 1),
    inputs: [numbers([2, 4, 3]), ints([0, 1, 3, 3], [2, 2])],
  },
  "gather per batch, further in": {
    f: (x, i) => tf.gather(x, i, 2, 1),
    inputs: [numbers([2, 3, 4, 2]), ints([0, 1, 3, 3, 2, 0], [2, 3])],
  },
  "gather nothing": { f: (x, i) => tf.gather(x, i), inputs: [table, ints([])] },
  "gather whole numbers": {
    f: (x, i) => tf.gather(x, i),
    inputs: [ints([7, 8, 9]), ints([2, 0, 2])],
    gradient: "none",
  },
  "gather by coordinates": {
    f: (x, i) => tf.gatherND(x, i),
    inputs: [numbers([3, 4, 2]), ints([0, 1, 2, 3, 2, 3], [3, 2])],
  },
  "gather single numbers": {
    f: (x, i) => tf.gatherND(x, i),
    inputs: [numbers([3, 4]), ints([0, 1, 2, 3], [1, 2, 2])],
  },
  embedding: {
    f: (x, i) => tf.mean(tf.square(tf.gather(x, i)), 1),
    inputs: [numbers([6, 3]), ints([5, 5, 0, 1, 5, 2], [2, 3])],
  },
  "one-hot": {
    f: (i) => [
      tf.oneHot(i, 4),
      tf.oneHot(i, 3, 0.9, 0.1, "float32"),
      tf.oneHot(i, 4, 1, 0, "bool"),
    ],
    inputs: [ints([0, 3, 1, -1], [2, 2])],
    gradient: "none",
  },
  "segment sums": {
    f: (x, i) => tf.unsortedSegmentSum(x, i as Tensor1D, 4),
    inputs: [table, ints([0, 2, 2, 2, 1])],
  },
  "segment sums without some": {
    f: (x, i) => tf.unsortedSegmentSum(x, i as Tensor1D, 2),
    inputs: [table, ints([0, -1, 1, -1, 1])],
  },
  "segment sums of ids out of range": {
    f: (x, i) => tf.unsortedSegmentSum(x, i as Tensor1D, 2),
    inputs: [table, ints([0, -1, 1, 5, 1])],
    gradient: "none",
  },
  "scatter by coordinates": {
    f: (u, i) => tf.scatterND(i, u, [3, 4]),
    inputs: [floats([1, 2, 3]), ints([0, 1, 2, 3, 0, 1], [3, 2])],
  },
  "scatter rows": {
    f: (u, i) => tf.scatterND(i, u, [4, 3]),
    inputs: [numbers([3, 3]), ints([2, 0, 2], [3, 1])],
  },
  "overwrite some": {
    // The cpu backend writes into the operand.
    f: (x, u, i) => tf.tensorScatterUpdate(tf.mul(x, 1), i, u),
    inputs: [table, numbers([2, 3], 2), ints([4, 1], [2, 1])],
  },
  "overwrite some twice": {
    f: (x, u, i) => tf.tensorScatterUpdate(tf.mul(x, 1), i, u),
    inputs: [table, numbers([4, 3], 2), ints([4, 1, 4, 4], [4, 1])],
  },
  "overwrite numbers twice": {
    f: (x, u, i) => tf.tensorScatterUpdate(tf.mul(x, 1), i, u),
    inputs: [table, numbers([3], 2), ints([4, 1, 0, 0, 4, 1], [3, 2])],
  },
  "sparse to dense": {
    f: (i, v, d) => tf.sparseToDense(i, v, [3, 4], d as tf.Scalar),
    inputs: [ints([0, 1, 2, 3], [2, 2]), floats([5, 6]), floats([0.5], [])],
    gradient: "none",
  },
  "top k": {
    f: (x) => {
      const { values, indices } = tf.topk(x, 2);
      return [values, indices];
    },
    inputs: [floats([1, 5, 5, 2, -3, 0, 9, 9], [2, 4])],
    gradient: "none",
  },
  "places in a sorted sequence": {
    f: (s, v) => [tf.searchSorted(s, v, "left"), tf.searchSorted(s, v, "right")],
    inputs: [floats([0, 1, 1, 3], [1, 4]), floats([-1, 0, 1, 2, 3, 4], [1, 6])],
    gradient: "none",
  },
  "boolean masks as products": {
    f: (x, b) => tf.div(tf.sum(tf.mul(x, tf.cast(b, "float32"))), tf.sum(tf.cast(b, "float32"))),
    inputs: [numbers([6]), bools([1, 0, 1, 1, 0, 0])],
  },
};
