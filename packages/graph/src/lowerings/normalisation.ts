import type * as tf from "@tensorflow/tfjs";
import type { Graph } from "../graph.ts";
import type { Lowerings } from "../lowering.ts";
import type { Node } from "../node.ts";
import { add, arithmetic, div, matMul, mul, scale, softmax, sub, unary } from "../ops/index.ts";
import { lowering } from "./call.ts";

/** Kernels that make numbers comparable. */
export const normalisations: Lowerings = {
  Softmax: lowering((graph, { logits }) => softmax(graph, "Softmax", logits)),

  FusedBatchNorm: lowering<tf.FusedBatchNormAttrs>((graph, inputs, { varianceEpsilon }) => {
    const { x, mean, variance } = inputs;
    // tfjs leaves out what it was not given.
    const gain = inputs["scale"] as Node | undefined;
    const shift = inputs["offset"] as Node | undefined;
    const safe = add(graph, variance, graph.constant(varianceEpsilon));
    const rate = unary(graph, "Reciprocal", unary(graph, "Sqrt", safe));
    const factor = gain ? mul(graph, rate, gain) : rate;
    const normal = mul(graph, sub(graph, x, mean), factor);
    return shift ? add(graph, normal, shift) : normal;
  }),

  // y = x·n^−β with n = bias + α·Σ x² over the channels next to each.
  LRN: lowering<tf.LRNAttrs>((graph, { x }, options) =>
    mul(graph, x, power(graph, around(graph, x, options), -options.beta)),
  ),
  // dx = dy·n^−β − 2αβ·x·Σ dy·y/n, over the same channels.
  LRNGrad: lowering<tf.LRNGradAttrs>((graph, { x, y, dy }, options) => {
    const n = around(graph, x, options);
    const direct = mul(graph, dy, power(graph, n, -options.beta));
    const shares = neighbours(graph, div(graph, mul(graph, dy, y), n), options.depthRadius);
    const indirect = scale(graph, mul(graph, x, shares), 2 * options.alpha * options.beta);
    return sub(graph, direct, indirect);
  }),
};

const power = (graph: Graph, x: Node, exponent: number): Node =>
  arithmetic(graph, "Pow", x, graph.constant(exponent));

const around = (graph: Graph, x: Node, { bias, alpha, depthRadius }: tf.LRNAttrs): Node =>
  add(
    graph,
    scale(graph, neighbours(graph, mul(graph, x, x), depthRadius), alpha),
    graph.constant(bias),
  );

/** Σ over the channels at most `radius` away, the last axis: a product with a band of ones. */
function neighbours(graph: Graph, x: Node, radius: number): Node {
  const channels = x.shape[x.shape.length - 1];
  const band = Array.from({ length: channels * channels }, (_, i) =>
    Number(Math.abs(Math.floor(i / channels) - (i % channels)) <= radius),
  );
  return matMul(graph, x, graph.literal(band, [channels, channels]));
}
