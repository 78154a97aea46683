import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import { ints, numbers } from "../traced.ts";
import type { Case, Cases } from "./case.ts";

const scores = numbers([4, 3]);
const targets = numbers([4, 3], 2);
const shares = numbers([4, 1], 3);
const truths = (labels: Tensor): Tensor => tf.cast(tf.greater(labels, 0), "float32");
const chances = (x: Tensor): Tensor => tf.sigmoid(x);

/** Losses as tfjs has them, of scores and labels. */
const standard: Readonly<Record<string, (scores: Tensor, labels: Tensor) => Tensor>> = {
  "absolute difference": (x, y) => tf.losses.absoluteDifference(y, x),
  "mean squared error": (x, y) => tf.losses.meanSquaredError(y, x),
  huber: (x, y) => tf.losses.huberLoss(y, x, undefined, 0.7),
  hinge: (x, y) => tf.losses.hingeLoss(truths(y), x),
  log: (x, y) => tf.losses.logLoss(truths(y), chances(x)),
  "cosine distance": (x, y) => tf.losses.cosineDistance(y, x, 1),
  "sigmoid cross-entropy": (x, y) => tf.losses.sigmoidCrossEntropy(truths(y), x),
  "smooth sigmoid cross-entropy": (x, y) =>
    tf.losses.sigmoidCrossEntropy(truths(y), x, undefined, 0.1),
  "log of the hyperbolic cosine": (x, y) => {
    const error = tf.sub(x, y);
    return tf.mean(tf.sub(tf.add(error, tf.softplus(tf.mul(error, -2))), Math.log(2)));
  },
  poisson: (x, y) => tf.mean(tf.sub(x, tf.mul(tf.abs(y), tf.log(tf.add(tf.exp(x), 1e-7))))),
  "Kullback-Leibler": (x, y) => {
    const [p, q] = [tf.softmax(y), tf.logSoftmax(x)];
    return tf.mean(tf.sum(tf.mul(p, tf.sub(tf.log(p), q)), -1));
  },
  "focal, by hand": (x, y) => {
    const p = chances(x);
    const right = tf.where(tf.greater(y, 0), p, tf.sub(1, p));
    return tf.mean(tf.neg(tf.mul(tf.pow(tf.sub(1, right), 2), tf.log(right))));
  },
  pairwise: (x, y) => {
    const [margins, order] = [x, y].map((of) => tf.sub(tf.expandDims(of, 1), tf.expandDims(of, 0)));
    return tf.sum(tf.mul(tf.softplus(tf.neg(margins)), truths(order)));
  },
};

const plain = Object.fromEntries(
  Object.entries(standard).map(([name, f]): [string, Case] => [
    name,
    { f: (x, y) => f(x, y), inputs: [scores, targets] },
  ]),
);

export const losses: Cases = {
  ...plain,
  "softmax cross-entropy": {
    f: (x, i) => tf.losses.softmaxCrossEntropy(tf.oneHot(i, 3), x),
    inputs: [scores, ints([0, 2, 1, 1])],
  },
  "softmax cross-entropy of indices": {
    f: (x, i) => tf.neg(tf.mean(tf.sum(tf.mul(tf.oneHot(i, 3), tf.logSoftmax(x)), 1))),
    inputs: [scores, ints([0, 2, 1, 1])],
  },
  "weighted, summed": {
    f: (x, y, w) => tf.losses.meanSquaredError(y, x, tf.abs(w), tf.Reduction.SUM),
    inputs: [scores, targets, shares],
  },
  "weighted, averaged over what counts": {
    f: (x, y, w) => tf.losses.absoluteDifference(y, x, tf.relu(w)),
    inputs: [scores, targets, shares],
  },
  "labels that may be missing": {
    f: (x, y, w) => {
      const present = tf.greater(w, 0);
      const each = tf.squaredDifference(x, tf.where(present, y, x));
      const count = tf.maximum(tf.sum(tf.cast(present, "float32")), 1);
      return tf.div(tf.sum(tf.where(present, each, tf.zerosLike(each))), count);
    },
    inputs: [scores, targets, shares],
  },
};
