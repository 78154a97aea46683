import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import { bools, floats, ints, numbers } from "../traced.ts";
import type { Case, Cases } from "./case.ts";

const real = numbers([3, 4]);
const odd = floats([-3.5, -2.5, -1, -0.5, 0, 0.25, 0.5, 1.5, 2.5, 7, Infinity, NaN]);

const positive = (x: Tensor): Tensor => tf.add(tf.abs(x), 0.5);
const inside = (x: Tensor): Tensor => tf.mul(x, 0.4);

/** Functions and the domain on which they are smooth. */
const functions: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  abs: tf.abs,
  neg: tf.neg,
  square: tf.square,
  exp: tf.exp,
  expm1: tf.expm1,
  log: (x) => tf.log(positive(x)),
  log1p: (x) => tf.log1p(tf.abs(x)),
  sqrt: (x) => tf.sqrt(positive(x)),
  rsqrt: (x) => tf.rsqrt(positive(x)),
  reciprocal: (x) => tf.reciprocal(positive(x)),
  erf: tf.erf,
  acos: (x) => tf.acos(inside(x)),
  acosh: (x) => tf.acosh(tf.add(positive(x), 1)),
  asin: (x) => tf.asin(inside(x)),
  asinh: tf.asinh,
  atan: tf.atan,
  atanh: (x) => tf.atanh(inside(x)),
  cos: tf.cos,
  cosh: tf.cosh,
  sin: tf.sin,
  sinh: tf.sinh,
  tan: (x) => tf.tan(inside(x)),
  tanh: tf.tanh,
  relu: tf.relu,
  relu6: (x) => tf.relu6(tf.mul(x, 6)),
  sigmoid: tf.sigmoid,
  "log sigmoid": tf.logSigmoid,
  softplus: tf.softplus,
  elu: tf.elu,
  selu: tf.selu,
  "leaky relu": (x) => tf.leakyRelu(x, 0.3),
  step: (x) => tf.mul(x, tf.step(x, 0.25)),
  ceil: tf.ceil,
  floor: tf.floor,
  round: tf.round,
  sign: tf.sign,
  clip: (x) => tf.clipByValue(x, -1, 1),
};

const smooth = Object.fromEntries(
  Object.entries(functions).map(([name, f]): [string, Case] => [
    name,
    { f: (x) => f(x), inputs: [real] },
  ]),
);

/** What happens at the ends of the line, and to integers. */
const edges: Cases = {
  "numbers at the edges": {
    f: (x) => [
      ...[tf.abs(x), tf.neg(x), tf.ceil(x), tf.floor(x), tf.round(x), tf.relu(x)],
      ...[tf.exp(x), tf.sigmoid(x), tf.tanh(x), tf.expm1(x), tf.softplus(x), tf.elu(x)],
      ...[tf.clipByValue(x, -1, 1), tf.relu6(x), tf.leakyRelu(x), tf.square(x), tf.atan(x)],
      ...[tf.isNaN(x), tf.isInf(x), tf.isFinite(x), tf.cast(x, "bool")],
    ],
    inputs: [odd],
    gradient: "none",
  },
  "log1p and expm1 near 0": {
    f: (x) => [tf.mul(tf.log1p(x), 1e6), tf.mul(tf.expm1(x), 1e6)],
    inputs: [floats([1e-7, -3e-7, 2e-6, 1e-4, -1e-5, 0])],
  },
  "log1p and expm1 far out": {
    f: (x) => [tf.log1p(x), tf.expm1(tf.neg(x)), tf.expm1(tf.mul(x, 1e-3))],
    inputs: [floats([0.5, 0.6, 20, 3e4, 1e30, Infinity])],
    gradient: "none",
  },
  "whole numbers": {
    f: (x) => [
      ...[tf.abs(x), tf.neg(x), tf.square(x), tf.sign(x), tf.round(x)],
      ...[tf.relu(x), tf.step(x), tf.clipByValue(x, -2, 3), tf.exp(x), tf.reciprocal(x)],
      ...[tf.cast(x, "float32"), tf.cast(x, "bool")],
    ],
    inputs: [ints([-7, -3, -1, 1, 2, 5])],
    gradient: "none",
  },
  "casts cut off": {
    f: (x) => [tf.cast(x, "int32"), tf.cast(tf.cast(x, "int32"), "float32")],
    inputs: [floats([-2.7, -0.5, 0, 0.5, 1.99, 3e6])],
    gradient: "none",
  },
};

const a = numbers([3, 4], 2);
const row = numbers([4], 3);
const column = numbers([3, 1], 4);

const binary: Readonly<Record<string, (a: Tensor, b: Tensor) => Tensor>> = {
  add: tf.add,
  sub: tf.sub,
  mul: tf.mul,
  div: (x, y) => tf.div(x, tf.add(tf.square(y), 1)),
  "div by 0 is 0": (x, y) => tf.divNoNan(x, tf.relu(y)),
  pow: (x, y) => tf.pow(positive(x), y),
  mod: (x, y) => tf.mod(x, y),
  atan2: tf.atan2,
  "squared difference": tf.squaredDifference,
  maximum: tf.maximum,
  minimum: tf.minimum,
  prelu: (x, y) => tf.prelu(x, y),
};

const pairs = Object.fromEntries(
  Object.entries(binary).flatMap(([name, f]): [string, Case][] => [
    [name, { f: (x, y) => f(x, y), inputs: [a, numbers([3, 4], 5)] }],
    [`${name}, a row for all`, { f: (x, y) => f(x, y), inputs: [a, row] }],
    ...(name === "prelu"
      ? []
      : ([[`${name}, column with row`, { f: (x, y) => f(x, y), inputs: [column, row] }]] as [
          string,
          Case,
        ][])),
  ]),
);

const between: Cases = {
  "powers of known numbers": {
    f: (x) => [0, 1, 2, 3, -1, 0.5].map((power) => tf.pow(positive(x), power)),
    inputs: [real],
  },
  "arctangents on the axes": {
    f: (x, y) => tf.atan2(x, y),
    inputs: [floats([0, 1, -1, 0, 2, -2, 3]), floats([0, 0, 0, -2, -3, -3, 4])],
    gradient: "none",
  },
  "add many": { f: (x, y, z) => tf.addN([x, y, z]), inputs: [real, a, numbers([3, 4], 7)] },
  "whole numbers, two by two": {
    f: (x, y) => [
      ...[tf.add(x, y), tf.sub(x, y), tf.mul(x, y), tf.div(x, y), tf.floorDiv(x, y)],
      ...[tf.mod(x, y), tf.maximum(x, y), tf.minimum(x, y), tf.squaredDifference(x, y)],
      ...[tf.pow(x, tf.abs(y)), tf.equal(x, y), tf.less(x, y)],
    ],
    inputs: [ints([-7, -7, 7, 7, 6, 0]), ints([3, -3, 3, -3, 2, 5])],
    gradient: "none",
  },
  "floor of a quotient": {
    f: (x, y) => tf.floorDiv(x, y),
    inputs: [floats([-7.5, 7.5, 3]), floats([2, -2, 1.5])],
    gradient: "none",
  },
  "mixed types": {
    f: (x, n, b) => [tf.add(x, n), tf.mul(n, b), tf.sub(b, x), tf.where(b, x, n)],
    inputs: [floats([0.5, 1.5]), ints([2, 3]), bools([1, 0])],
    gradient: "none",
  },
  comparisons: {
    f: (x, y) => [
      ...[tf.equal(x, y), tf.notEqual(x, y), tf.less(x, y), tf.lessEqual(x, y)],
      ...[tf.greater(x, y), tf.greaterEqual(x, y)],
    ],
    inputs: [floats([1, 2, 3, NaN]), floats([1, 3, 2, 1])],
    gradient: "none",
  },
  connectives: {
    f: (x, y) => [
      ...[tf.logicalAnd(x, y), tf.logicalOr(x, y), tf.logicalXor(x, y), tf.logicalNot(x)],
      ...[tf.cast(x, "float32"), tf.maximum(x, y), tf.mul(x, y)],
    ],
    inputs: [bools([0, 0, 1, 1]), bools([0, 1, 0, 1])],
    gradient: "none",
  },
  where: {
    f: (c, x, y) => tf.where(c, x, y),
    inputs: [bools([1, 0, 0, 1, 1, 0], [2, 3]), numbers([2, 3]), numbers([2, 3], 2)],
  },
  "where, by row": {
    f: (c, x, y) => tf.where(c, x, y),
    inputs: [bools([1, 0], [2, 1]), numbers([2, 3]), numbers([2, 3], 2)],
  },
};

export const elementwise: Cases = { ...smooth, ...edges, ...pairs, ...between };
