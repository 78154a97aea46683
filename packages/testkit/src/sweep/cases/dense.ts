import * as tf from "@tensorflow/tfjs";
import type { CaseGroup } from "../case.ts";

export const dense: CaseGroup = {
  product: {
    f: (a, b) => tf.matMul(a, b),
    shapes: [
      [3, 4],
      [4, 5],
    ],
  },
  "product, a transposed": {
    f: (a, b) => tf.matMul(a, b, true),
    shapes: [
      [4, 3],
      [4, 5],
    ],
  },
  "product, b transposed": {
    f: (a, b) => tf.matMul(a, b, false, true),
    shapes: [
      [3, 4],
      [5, 4],
    ],
  },
  "product, both transposed": {
    f: (a, b) => tf.matMul(a, b, true, true),
    shapes: [
      [4, 3],
      [5, 4],
    ],
  },
  "batched product": {
    f: (a, b) => tf.matMul(a, b),
    shapes: [
      [2, 3, 4],
      [2, 4, 5],
    ],
  },
  "batched product, both transposed": {
    f: (a, b) => tf.matMul(a, b, true, true),
    shapes: [
      [2, 4, 3],
      [2, 5, 4],
    ],
  },
  // Of more than 8192 multiplications, from which on the wasm backend goes another way.
  "large batched product, b transposed": {
    f: (a, b) => tf.matMul(a, b, false, true),
    shapes: [
      [2, 24, 20],
      [2, 18, 20],
    ],
    values: "small",
  },
  "product of rank 4": {
    f: (a, b) => tf.matMul(a, b, true, false),
    shapes: [
      [2, 2, 3, 2],
      [2, 2, 3, 4],
    ],
  },
  "product, one matrix for a batch": {
    f: (a, b) => tf.matMul(a, b),
    shapes: [
      [2, 3, 4],
      [1, 4, 2],
    ],
  },
  "product, fewer axes": {
    f: (a, b) => tf.matMul(a, b, false, true),
    shapes: [
      [2, 3, 3, 4],
      [3, 5, 4],
    ],
  },
  "product, both batches broadcast": {
    f: (a, b) => tf.matMul(a, b),
    shapes: [
      [2, 1, 3, 4],
      [1, 3, 4, 2],
    ],
  },
  "inner product": { f: (a, b) => tf.dot(a, b), shapes: [[5], [5]] },
  "fused product with bias": {
    f: (a, b, bias) => tf.fused.matMul({ a, b, bias, transposeA: true }),
    shapes: [[20, 3], [20, 4], [4]],
  },
  "fused product with relu": {
    f: (a, b, bias) => tf.fused.matMul({ a, b, bias, activation: "relu" }),
    // Sums of products of positive numbers.
    shapes: [[3, 4], [4, 2], [2]],
    values: "positive",
  },
  "two layers": {
    f: (x, w, b, v) => tf.matMul(tf.tanh(tf.add(tf.matMul(x, w), b)), v),
    shapes: [[3, 4], [4, 5], [5], [5, 2]],
  },
  "einsum of matrices": {
    f: (a, b) => tf.einsum("ij,jk->ki", a, b),
    shapes: [
      [2, 3],
      [3, 4],
    ],
  },
  "einsum of heads": {
    f: (q, k) => tf.einsum("bqhd,bkhd->bhqk", q, k),
    shapes: [
      [2, 3, 2, 2],
      [2, 4, 2, 2],
    ],
  },
  "einsum to a number": {
    f: (a, b) => tf.einsum("ij,ij->", a, b),
    shapes: [
      [2, 3],
      [2, 3],
    ],
  },
  "einsum of one": { f: (a) => tf.square(tf.einsum("ijk->j", a)), shapes: [[2, 3, 2]] },
};
