import * as tf from "@tensorflow/tfjs";
import { bools, floats, ints, numbers } from "../traced.ts";
import { type Cases, SMOOTH } from "./case.ts";

const matrix = numbers([3, 4]);
const cube = numbers([2, 3, 4]);

export const reductions: Cases = {
  sum: { f: (x) => tf.square(tf.sum(x, [0, 2])), inputs: [cube] },
  "sum of all": { f: (x) => tf.square(tf.sum(x)), inputs: [cube] },
  "sum, axes kept": { f: (x) => tf.mul(x, tf.sum(x, [-1, 0], true)), inputs: [cube] },
  mean: { f: (x) => tf.square(tf.mean(x, 1)), inputs: [cube] },
  moments: {
    f: (x) => {
      const { mean, variance } = tf.moments(x, [0, 1], true);
      return [mean, variance];
    },
    inputs: [cube],
  },
  max: { f: (x) => tf.max(x, 1), inputs: [matrix] },
  "max of two axes": { f: (x) => tf.square(tf.max(x, [0, 2], true)), inputs: [cube] },
  min: { f: (x) => tf.min(x, 0), inputs: [matrix] },
  prod: { f: (x) => tf.prod(x, 1), inputs: [matrix] },
  "prod of an inner axis": { f: (x) => tf.prod(x, 1), inputs: [cube], gradient: SMOOTH },
  norm: { f: (x) => [tf.norm(x, 2, 1), tf.norm(x, 1), tf.norm(x, "euclidean")], inputs: [matrix] },
  "log of summed exponentials": { f: (x) => tf.logSumExp(x, 1), inputs: [matrix] },
  truths: {
    f: (b) => [tf.any(b), tf.all(b), tf.any(b, 1), tf.all(b, 0, true), tf.sum(b, 1)],
    inputs: [bools([0, 1, 0, 0, 0, 0], [2, 3])],
    gradient: "none",
  },
  "whole numbers": {
    f: (n) => [
      tf.sum(n, 0),
      tf.mean(n, 0),
      tf.max(n, 1),
      tf.min(n),
      tf.prod(n, 1),
      tf.cumsum(n, 1),
    ],
    inputs: [ints([1, -2, 3, 4, 5, -6], [2, 3])],
    gradient: "none",
  },
  places: {
    f: (x) => [tf.argMax(x, 0), tf.argMin(x, -1), tf.argMax(x, 1)],
    inputs: [floats([1, 5, 5, 2, -3, -3], [2, 3])],
    gradient: "none",
  },
  "cumulative sums": {
    f: (x) => [tf.cumsum(x, 2), tf.cumsum(x, 2, true), tf.cumsum(x, 2, false, true)],
    inputs: [cube],
  },
  "cumulative sums along other axes": {
    f: (x) => [tf.cumsum(x, 0), tf.cumsum(x, 1, true, true)],
    inputs: [cube],
  },
  "cumulative sums from the last axis on": {
    f: (x) => tf.cumsum(x, -2),
    meaning: (x) => tf.cumsum(x, 1),
    inputs: [cube],
    gradient: "none",
  },
  "cumulative products": {
    f: (x) => [
      ...[tf.cumprod(x, 1), tf.cumprod(x, 1, true), tf.cumprod(x, 1, true, true)],
      ...[tf.cumprod(x, 0, false, true), tf.cumprod(x, 2)],
    ],
    inputs: [numbers([2, 5, 3])],
  },
  "of nothing": {
    f: (x) => [tf.sum(x, 0), tf.mean(x, 0), tf.mean(x), tf.sum(x)],
    inputs: [numbers([0, 2])],
    gradient: "none",
  },
  softmax: { f: (x) => [tf.softmax(x), tf.logSoftmax(x)], inputs: [cube] },
  "softmax of large numbers": {
    f: (x) => [tf.softmax(x), tf.logSoftmax(x), tf.logSumExp(x, 1)],
    inputs: [floats([1000, 1001, -1000, 0, 80, -80], [2, 3])],
  },
  "batch normalisation": {
    f: (x, mean, variance, shift, gain) => [
      tf.batchNorm(x, mean, tf.add(tf.square(variance), 0.5), shift, gain),
    ],
    inputs: [matrix, numbers([4], 2), numbers([4], 3), numbers([4], 4), numbers([4], 5)],
  },
  "batch normalisation of images": {
    f: (x) => {
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      return tf.batchNorm(x, mean, variance, tf.zeros([2]), tf.ones([2]), 1e-3);
    },
    inputs: [numbers([2, 3, 3, 2])],
  },
  "local response normalisation": {
    f: (x) => tf.localResponseNormalization(x as tf.Tensor4D, 1, 1, 0.3, 0.6),
    inputs: [numbers([2, 2, 2, 5])],
  },
};
