import * as tf from "@tensorflow/tfjs";
import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs";
import type { CaseGroup } from "../case.ts";
import { numbers } from "./tensors.ts";

const m = (x: Tensor): Tensor2D => x as Tensor2D;

export const recurrent: CaseGroup = {
  "two steps of an LSTM": {
    f: (x, kernel, bias, c, h) => {
      const forget = numbers([1], []) as tf.Scalar;
      const step = (state: [Tensor2D, Tensor2D]): [Tensor2D, Tensor2D] =>
        tf.basicLSTMCell(forget, m(kernel), bias as Tensor1D, m(x), ...state);
      return tf.concat(step(step([m(c), m(h)])), 1);
    },
    shapes: [[2, 3], [5, 8], [8], [2, 2], [2, 2]],
    values: "small",
  },
  "a step of a GRU": {
    f: (x, h, wGates, wNew) => {
      const [update, reset] = tf.split(tf.sigmoid(tf.matMul(tf.concat([x, h], 1), wGates)), 2, 1);
      const next = tf.tanh(tf.matMul(tf.concat([x, tf.mul(reset, h)], 1), wNew));
      return tf.add(tf.mul(update, h), tf.mul(tf.sub(1, update), next));
    },
    shapes: [
      [2, 3],
      [2, 2],
      [5, 4],
      [5, 2],
    ],
    values: "small",
  },
  "three steps of a plain cell": {
    f: (xs, w, u) =>
      tf
        .unstack(xs, 1)
        .reduce<Tensor>(
          (h, x) => tf.tanh(tf.add(tf.matMul(x, w), tf.matMul(h, u))),
          tf.fill([2, 2], 0),
        ),
    shapes: [
      [2, 3, 2],
      [2, 2],
      [2, 2],
    ],
    values: "small",
  },
};
