import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import type { CaseGroup } from "../case.ts";
import { numbers } from "./tensors.ts";

const heads = (x: Tensor): Tensor => tf.transpose(tf.reshape(x, [2, 3, 2, 2]), [0, 2, 1, 3]);

export const attention: CaseGroup = {
  softmax: { f: (x) => tf.softmax(x), shapes: [[3, 4]] },
  "log softmax": { f: (x) => tf.logSoftmax(x), shapes: [[3, 4]] },
  attention: {
    f: (q, k, v) => tf.matMul(tf.softmax(tf.matMul(q, k, false, true)), v),
    shapes: [
      [2, 3, 2],
      [2, 4, 2],
      [2, 4, 3],
    ],
    values: ["small", "small", "any"],
  },
  "masked attention": {
    f: (q, k, v) => {
      const hidden = numbers([0, -1e9, -1e9, 0, 0, -1e9, 0, 0, 0], [3, 3]);
      return tf.matMul(tf.softmax(tf.add(tf.matMul(q, k, false, true), hidden)), v);
    },
    shapes: [
      [2, 3, 2],
      [2, 3, 2],
      [2, 3, 2],
    ],
    values: ["small", "small", "any"],
  },
  "attention of two heads": {
    f: (q, k, v) => tf.matMul(tf.softmax(tf.matMul(heads(q), heads(k), false, true)), heads(v)),
    shapes: [
      [2, 3, 4],
      [2, 3, 4],
      [2, 3, 4],
    ],
    values: ["small", "small", "any"],
  },
  "a gate over experts": {
    f: (gate, experts) => tf.sum(tf.mul(tf.expandDims(tf.softmax(gate), 2), experts), 1),
    shapes: [
      [3, 4],
      [3, 4, 2],
    ],
  },
};
