import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import { badOption } from "./errors.ts";

/** A value for every task. */
export type PerTask<Name extends string, Value> = Readonly<Record<Name, Value>>;

/** A value for some of the tasks. */
export type SomeTasks<Name extends string, Value> = { readonly [N in Name]?: Value };

/**
 * The likelihood behind a loss L, which decides how a variance σ² enters it:
 * `gaussian` L/(2σ²) + log σ (L a squared error), `laplace` L/b + log b (L an absolute error),
 * `categorical` L/σ² + log σ (L a cross-entropy).
 */
export type Noise = "gaussian" | "laplace" | "categorical";

/** One objective: how scores become a loss and a prediction. Made by a factory below, or by hand. */
export interface Task {
  /** "binary", "multiclass", "regression", or a word of your own. */
  readonly kind: string;
  /** Length of the last axis of the scores. */
  readonly units: number;
  /** Shape of one example's label; [] for one number. Scores have shape [batch, ...labelShape, units]. */
  readonly labelShape: readonly number[];
  /**
   * Loss of every label: scores [batch, ...labelShape, units] float32 and labels [batch, ...labelShape] float32 in,
   * one loss per label [batch, ...labelShape] out. Ordinary differentiable tfjs ops.
   */
  readonly loss: (scores: Tensor, labels: Tensor) => Tensor;
  /** Scores in, predictions out: probabilities for classes, values for regression. */
  readonly link: (scores: Tensor) => Tensor;
  readonly noise: Noise;
  /** What is wrong with a label, in words ("must be 0 or 1"); undefined for a good one. */
  readonly check?: (label: number) => string | undefined;
  /**
   * Score and label put in place of a missing label before the loss; the loss and its gradient must be finite there.
   * A NaN survives a later multiplication by 0, so missing labels are replaced, not multiplied away. Default 0 and 0.
   */
  readonly neutral?: { readonly score: number; readonly label: number };
  /** Measured by `evaluate`, on predictions. */
  readonly metrics: readonly Metric[];
}

/** A measure of predictions against labels, accumulated batch by batch. */
export interface Metric {
  readonly name: string;
  readonly better: "higher" | "lower";
  readonly create: () => MetricAccumulator;
}

/** A running measure over labelled examples. */
export interface MetricAccumulator {
  /** Predictions [n × width] and labels [n] of the labelled examples of one batch. */
  readonly update: (predictions: Float32Array, labels: Float32Array, width: number) => void;
  /** The measure over all that was seen; NaN where it is undefined (an AUC of one class). */
  readonly value: () => number;
}

export interface BinaryOptions {
  readonly metrics?: readonly Metric[];
  /** What the model's score is: a logit, or log P(label = 1) ≤ 0, as a product of probabilities gives it. */
  readonly from?: "logit" | "logProbability";
}

/**
 * A yes/no objective: cross-entropy of one score s.
 *
 * From logits: L = max(s, 0) − s·y + log(1 + e^(−|s|)); prediction 1/(1 + e^(−s)). From log-probabilities s ≤ 0:
 * L = −y·s − (1 − y)·log(1 − e^s); prediction e^s. Scores [batch, 1], labels [batch] of 0 and 1, prediction [batch, 1].
 */
export function binary(options: BinaryOptions = {}): Task {
  const { metrics = [], from = "logit" } = options;
  const shared = {
    kind: "binary",
    units: 1,
    labelShape: [],
    noise: "categorical",
    metrics,
    check: (label: number) => (label === 0 || label === 1 ? undefined : "must be 0 or 1"),
  } as const;
  if (from === "logProbability") {
    return {
      ...shared,
      // log(1 − e^s) is −∞ at s = 0: keep a rounding error away from it.
      loss: (scores, labels) => {
        const s = tf.minimum(tf.squeeze(scores, [-1]), -1e-7);
        const no = tf.log(tf.neg(tf.expm1(s)));
        return tf.neg(tf.add(tf.mul(labels, s), tf.mul(tf.sub(1, labels), no)));
      },
      link: (scores) => tf.exp(scores),
      neutral: { score: -Math.LN2, label: 0 },
    };
  }
  return {
    ...shared,
    loss: (scores, labels) => {
      const s = tf.squeeze(scores, [-1]);
      return tf.add(tf.sub(tf.relu(s), tf.mul(s, labels)), tf.softplus(tf.neg(tf.abs(s))));
    },
    link: (scores) => tf.sigmoid(scores),
  };
}

export interface MulticlassOptions {
  readonly metrics?: readonly Metric[];
  /** Shape of one example's label: [] for one class per example, [length] for one per token. */
  readonly labelShape?: readonly number[];
}

/**
 * One class out of `classes`: L = log Σ_c e^(s_c) − s_y, prediction softmax(s).
 *
 * Scores [batch, ...labelShape, classes], labels [batch, ...labelShape] of whole numbers below `classes`.
 *
 * @throws POLYTASK_OPTION for fewer than two classes.
 */
export function multiclass(classes: number, options: MulticlassOptions = {}): Task {
  if (!Number.isInteger(classes) || classes < 2) {
    throw badOption("multiclass", "classes", "a whole number of at least 2", classes);
  }
  const { metrics = [], labelShape = [] } = options;
  return {
    kind: "multiclass",
    units: classes,
    labelShape,
    noise: "categorical",
    metrics,
    check: (label) =>
      Number.isInteger(label) && label >= 0 && label < classes
        ? undefined
        : `must be a class from 0 to ${classes - 1}`,
    loss: (scores, labels) => {
      const chosen = tf.oneHot(tf.cast(labels, "int32"), classes);
      return tf.neg(tf.sum(tf.mul(tf.logSoftmax(scores), tf.cast(chosen, "float32")), -1));
    },
    link: (scores) => tf.softmax(scores),
  };
}

export interface RegressionOptions {
  readonly metrics?: readonly Metric[];
  /** Labels are standardised with these before the loss, and predictions brought back. */
  readonly mean?: number;
  readonly deviation?: number;
}

/**
 * A number: squared error of the standardised label, L = (s − (y − mean)/deviation)²; prediction s·deviation + mean.
 *
 * Scores [batch, 1], labels [batch] of finite numbers, prediction [batch, 1] in the labels' own units.
 *
 * @throws POLYTASK_OPTION for a mean that is not finite or a deviation that is not positive.
 */
export function regression(options: RegressionOptions = {}): Task {
  const { metrics = [], mean = 0, deviation = 1 } = options;
  if (!Number.isFinite(mean)) throw badOption("regression", "mean", "a finite number", mean);
  if (!(deviation > 0 && deviation < Infinity)) {
    throw badOption("regression", "deviation", "a positive number", deviation);
  }
  return {
    kind: "regression",
    units: 1,
    labelShape: [],
    noise: "gaussian",
    metrics,
    loss: (scores, labels) =>
      tf.square(tf.sub(tf.squeeze(scores, [-1]), tf.div(tf.sub(labels, mean), deviation))),
    link: (scores) => tf.add(tf.mul(scores, deviation), mean),
    neutral: { score: 0, label: mean },
  };
}
