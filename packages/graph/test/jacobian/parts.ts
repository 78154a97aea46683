import * as tf from "@tensorflow/tfjs";
import type { Scalar, Tensor } from "@tensorflow/tfjs";

/** Examples of a small batch. */
export const B = 5;

export const sigmoidLoss = (logits: Tensor, labels: Tensor): Tensor =>
  tf.add(tf.sub(tf.relu(logits), tf.mul(logits, labels)), tf.softplus(tf.neg(tf.abs(logits))));

export const square = (scores: Tensor, labels: Tensor): Scalar =>
  tf.mean(tf.square(tf.sub(scores, labels)));

export const cross = (logits: Tensor, labels: Tensor): Scalar =>
  tf.neg(tf.mean(tf.sum(tf.mul(labels, tf.logSoftmax(logits)), -1)));

export const dense = (x: Tensor, kernel: Tensor, bias: Tensor): Tensor =>
  tf.add(tf.matMul(x, kernel), bias);

export const perTask = <Of>(tasks: number, make: (k: number) => Of): readonly Of[] =>
  Array.from({ length: tasks }, (_, k) => make(k));

/** Shapes of T parameters of one role: "v0", "v1", … */
export const each = (
  tasks: number,
  name: string,
  shape: readonly number[],
): Readonly<Record<string, readonly number[]>> =>
  Object.fromEntries(perTask(tasks, (k) => [`${name}${k}`, shape]));
