import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import { ints, numbers } from "../traced.ts";
import type { Case, Cases } from "./case.ts";

const flips = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;

const matMuls = Object.fromEntries(
  [[], [2], [2, 3]].flatMap((batch) =>
    flips.map(([ta, tb]): [string, Case] => [
      `product of rank ${batch.length + 2}${ta ? ", a transposed" : ""}${tb ? ", b transposed" : ""}`,
      {
        f: (a, b) => tf.matMul(a, b, ta, tb),
        inputs: [
          numbers([...batch, ...(ta ? [4, 3] : [3, 4])]),
          numbers([...batch, ...(tb ? [5, 4] : [4, 5])], 2),
        ],
      },
    ]),
  ),
);

const activations = ["linear", "relu", "relu6", "elu", "sigmoid", "leakyrelu"] as const;

/** Without a gradient tfjs runs the fused kernel, with one its parts. */
const fused = Object.fromEntries(
  activations.map((activation): [string, Case] => [
    `fused product, ${activation}`,
    {
      f: (a, b, bias) =>
        tf.fused.matMul({ a, b, bias, activation, transposeB: true, leakyreluAlpha: 0.3 }),
      inputs: [numbers([3, 4]), numbers([5, 4], 2), numbers([5], 3)],
    },
  ]),
);

const equations: Readonly<Record<string, readonly (readonly number[])[]>> = {
  "ij,jk->ik": [
    [2, 3],
    [3, 4],
  ],
  "ij,jk->ki": [
    [2, 3],
    [3, 4],
  ],
  "bqhd,bkhd->bhqk": [
    [2, 3, 2, 4],
    [2, 5, 2, 4],
  ],
  "bhqk,bkhd->bqhd": [
    [2, 2, 3, 5],
    [2, 5, 2, 4],
  ],
  "i,j->ij": [[3], [4]],
  "ij,ij->": [
    [2, 3],
    [2, 3],
  ],
  "ij->ji": [[2, 3]],
  "ijk->j": [[2, 3, 4]],
  "bi,bi->b": [
    [3, 4],
    [3, 4],
  ],
  "abc,cd->abd": [
    [2, 3, 4],
    [4, 5],
  ],
};

const einsums = Object.fromEntries(
  Object.entries(equations).map(([equation, shapes]): [string, Case] => [
    `einsum ${equation}`,
    {
      f: (...operands: Tensor[]) => tf.einsum(equation, ...operands),
      inputs: shapes.map((shape, i) => numbers(shape, i + 1)),
    },
  ]),
);

export const products: Cases = {
  ...matMuls,
  ...fused,
  ...einsums,
  "product with broadcast batches": {
    f: (a, b) => tf.matMul(a, b),
    meaning: (a, b) => tf.matMul(tf.broadcastTo(a, [2, 5, 3, 4]), tf.broadcastTo(b, [2, 5, 4, 2])),
    inputs: [numbers([2, 1, 3, 4]), numbers([5, 4, 2])],
    gradient: "none",
  },
  "einsum with a letter that only one operand has": {
    f: (a, b) => tf.einsum("ab,c->ac", a, b),
    meaning: (a, b) => tf.mul(tf.sum(a, 1, true), b),
    inputs: [numbers([2, 3]), numbers([4], 2)],
  },
  "product of whole numbers": {
    f: (a, b) => tf.matMul(a, b),
    inputs: [ints([1, 2, 3, 4], [2, 2]), ints([5, 6, 7, 8], [2, 2])],
    gradient: "none",
  },
  "product of nothing": {
    f: (a, b) => tf.matMul(a, b),
    inputs: [numbers([2, 0]), numbers([0, 3])],
    gradient: "none",
  },
  "dot products": {
    f: (a, b, m) => [
      tf.dot(a, b),
      tf.dot(m, a),
      tf.outerProduct(a as tf.Tensor1D, b as tf.Tensor1D),
    ],
    inputs: [numbers([4]), numbers([4], 2), numbers([3, 4], 3)],
  },
  attention: {
    f: (q, k, v) => tf.matMul(tf.softmax(tf.div(tf.matMul(q, k, false, true), 2)), v),
    inputs: [numbers([2, 5, 4]), numbers([2, 6, 4], 2), numbers([2, 6, 3], 3)],
  },
};
