import type * as tf from "@tensorflow/tfjs";
import type { Lowerings } from "../lowering.ts";
import { matMul, swapLast } from "../ops/index.ts";
import { finished } from "./activations.ts";
import { listOf, lowering } from "./call.ts";
import { einsum } from "./einsum.ts";

export const products: Lowerings = {
  BatchMatMul: lowering<tf.BatchMatMulAttrs>((graph, { a, b }, { transposeA, transposeB }) =>
    matMul(graph, transposeA ? swapLast(graph, a) : a, transposeB ? swapLast(graph, b) : b),
  ),
  _FusedMatMul: lowering<tf._FusedMatMulAttrs>((graph, inputs, attributes) => {
    const { a, b } = inputs;
    const { transposeA, transposeB } = attributes;
    const left = transposeA ? swapLast(graph, a) : a;
    const right = transposeB ? swapLast(graph, b) : b;
    return finished(graph, matMul(graph, left, right), inputs, attributes);
  }),
  Einsum: lowering<tf.EinsumAttrs>((graph, inputs, { equation }) =>
    einsum(graph, listOf(inputs), equation),
  ),
};
