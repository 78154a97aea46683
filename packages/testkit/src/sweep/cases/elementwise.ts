import * as tf from "@tensorflow/tfjs";
import type { CaseGroup } from "../case.ts";
import { numbers } from "./tensors.ts";

/** WGSL lets sin and cos be off by 2⁻¹¹ on [−π, π], and atan, of which it makes asin and acos, by as much of its value. */
const TRIGONOMETRIC = 2e-3;

export const elementwise: CaseGroup = {
  exponential: { f: (x) => tf.exp(x), shapes: [[3, 4]] },
  logarithm: { f: (x) => tf.log(x), shapes: [[3, 4]], values: "positive" },
  "exp(x) − 1 and log(1 + x)": {
    f: (x) => tf.add(tf.expm1(x), tf.log1p(tf.square(x))),
    shapes: [[3, 4]],
  },
  "square root": { f: (x) => tf.sqrt(x), shapes: [[3, 4]], values: "positive" },
  "one by square root": { f: (x) => tf.rsqrt(x), shapes: [[3, 4]], values: "positive" },
  reciprocal: { f: (x) => tf.reciprocal(x), shapes: [[3, 4]], values: "positive" },
  "power of a fixed number": { f: (x) => tf.pow(x, 2.5), shapes: [[3, 4]], values: "positive" },
  magnitude: { f: (x) => tf.abs(x), shapes: [[3, 4]], clearOf: [0] },
  "sine and cosine": {
    f: (x) => tf.mul(tf.sin(x), tf.cos(x)),
    shapes: [[3, 4]],
    values: "small",
    tolerance: TRIGONOMETRIC,
  },
  tangent: {
    f: (x) => tf.tan(tf.div(x, 2)),
    shapes: [[3, 4]],
    values: "small",
    tolerance: TRIGONOMETRIC,
  },
  "inverse trigonometric": {
    f: (x) => {
      const half = tf.div(x, 2);
      return tf.add(tf.add(tf.asin(half), tf.square(tf.acos(half))), tf.atan(x));
    },
    shapes: [[3, 4]],
    values: "small",
    tolerance: TRIGONOMETRIC,
  },
  hyperbolic: {
    f: (x) => tf.add(tf.sinh(x), tf.square(tf.cosh(x))),
    shapes: [[3, 4]],
    values: "small",
  },
  "inverse hyperbolic": {
    f: (x) => tf.add(tf.add(tf.asinh(x), tf.acosh(tf.add(x, 1))), tf.atanh(tf.div(x, 9))),
    shapes: [[3, 4]],
    values: "positive",
  },
  "error function": { f: (x) => tf.erf(x), shapes: [[3, 4]] },
  "floor, ceil, round, sign": {
    f: (x) =>
      tf.mul(
        x,
        tf.add(tf.add(tf.floor(x), tf.ceil(x)), tf.add(tf.round(tf.add(x, 0.5)), tf.sign(x))),
      ),
    shapes: [[3, 4]],
    clearOf: [-2, -1, 0, 1, 2],
  },
  clip: { f: (x) => tf.clipByValue(x, -1, 1), shapes: [[3, 4]], clearOf: [-1, 1] },
  "maximum with a fixed number": { f: (x) => tf.maximum(x, 0.3), shapes: [[3, 4]], clearOf: [0.3] },
  "minimum with fixed numbers": {
    f: (x) => tf.minimum(x, numbers([0.3, 0.3, 0.3, 0.3])),
    shapes: [[3, 4]],
    clearOf: [0.3],
  },
  "cast to whole numbers": {
    f: (x) => tf.mul(x, tf.cast(tf.cast(tf.mul(x, 1), "int32"), "float32")),
    shapes: [[3, 4]],
    clearOf: [-1, 0, 1],
  },
};
