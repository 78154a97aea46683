import { constant } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import type { CaseGroup } from "../case.ts";
import { ids, numbers } from "./tensors.ts";

const zeros = (): tf.Tensor => tf.fill([3, 4], 0);
const labels = (): tf.Tensor => numbers([1, 0, 0, 1, 1, 1, 0, 0, 1, 0, 1, 0], [3, 4]);
const classes = (): tf.Tensor => tf.cast(tf.oneHot(ids([0, 3, 1]), 4), "float32");

export const losses: CaseGroup = {
  "squared error": {
    f: (x) => tf.losses.meanSquaredError(labels(), x),
    shapes: [[3, 4]],
  },
  "absolute error": {
    f: (x) => tf.losses.absoluteDifference(zeros(), x),
    shapes: [[3, 4]],
    clearOf: [0],
  },
  huber: {
    f: (x) => tf.losses.huberLoss(zeros(), x, undefined, 1),
    shapes: [[3, 4]],
    clearOf: [-1, 0, 1],
  },
  "log loss": {
    f: (x) => tf.losses.logLoss(labels(), tf.sigmoid(x)),
    shapes: [[3, 4]],
  },
  hinge: {
    f: (x) => tf.losses.hingeLoss(labels(), x),
    shapes: [[3, 4]],
    clearOf: [-1, 1],
  },
  "cosine distance": {
    f: (x) => tf.losses.cosineDistance(labels(), x, 1),
    shapes: [[3, 4]],
  },
  "sigmoid cross-entropy": {
    f: (x) => tf.losses.sigmoidCrossEntropy(labels(), x),
    shapes: [[3, 4]],
    clearOf: [0],
  },
  "softmax cross-entropy": {
    f: (x) => tf.losses.softmaxCrossEntropy(classes(), x),
    shapes: [[3, 4]],
  },
  "cross-entropy by log softmax": {
    f: (x) => tf.neg(tf.sum(tf.mul(classes(), tf.logSoftmax(x)), 1)),
    shapes: [[3, 4]],
  },
  "weighted squared error": {
    f: (x) =>
      tf.losses.computeWeightedLoss(
        tf.squaredDifference(x, labels()),
        constant(() => tf.tensor2d([1, 0, 2], [3, 1])),
      ),
    shapes: [[3, 4]],
  },
  pinball: {
    f: (x) => tf.mean(tf.maximum(tf.mul(x, 0.9), tf.mul(x, -0.1))),
    shapes: [[3, 4]],
    clearOf: [0],
  },
  "divergence from a normal": {
    f: (mean, log) => tf.sum(tf.sub(tf.add(tf.exp(log), tf.square(mean)), tf.add(log, 1)), 1),
    shapes: [
      [3, 4],
      [3, 4],
    ],
  },
};
