import * as tf from "@tensorflow/tfjs";
import type { CaseGroup } from "../case.ts";

export const activations: CaseGroup = {
  relu: { f: (x) => tf.relu(x), shapes: [[3, 4]], clearOf: [0] },
  relu6: { f: (x) => tf.relu6(tf.mul(x, 5)), shapes: [[3, 4]], clearOf: [0, 1.2] },
  "leaky relu": { f: (x) => tf.leakyRelu(x), shapes: [[3, 4]], clearOf: [0] },
  "parametric relu": { f: (x, slope) => tf.prelu(x, slope), shapes: [[3, 4], [4]], clearOf: [0] },
  elu: { f: (x) => tf.elu(x), shapes: [[3, 4]], clearOf: [0] },
  selu: { f: (x) => tf.selu(x), shapes: [[3, 4]], clearOf: [0] },
  gelu: { f: (x) => tf.mul(x, tf.add(1, tf.erf(tf.div(x, Math.SQRT2)))), shapes: [[3, 4]] },
  swish: { f: (x) => tf.mul(x, tf.sigmoid(x)), shapes: [[3, 4]] },
  sigmoid: { f: (x) => tf.sigmoid(x), shapes: [[3, 4]] },
  "log sigmoid": { f: (x) => tf.logSigmoid(x), shapes: [[3, 4]] },
  "hyperbolic tangent": { f: (x) => tf.tanh(x), shapes: [[3, 4]] },
  softplus: { f: (x) => tf.softplus(x), shapes: [[3, 4]] },
};
