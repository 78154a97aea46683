import type * as tf from "@tensorflow/tfjs";
import type { Graph } from "../graph.ts";
import type { Lowerings } from "../lowering.ts";
import { type Node, type Shape, sizeOf } from "../node.ts";
import { conv, convTranspose, matMul, reshape, swapLast, transpose } from "../ops/index.ts";
import { finished, type Finish } from "./activations.ts";
import { lowering } from "./call.ts";
import {
  channelsBack,
  channelsFirst,
  cropped,
  isChannelsFirst,
  placed,
  type Placed,
  type Sliding,
  spatialAxes,
} from "./windows.ts";

/** Convolutions and their gradients: filters [kernel…, in, out] in tfjs, [out, in, kernel…] here. */
export const convolutions: Lowerings = {
  Conv2D: lowering<Sliding>((graph, { x, filter }, sliding) =>
    convolved(graph, x, filter, sliding),
  ),
  FusedConv2D: lowering<Sliding & Finish>((graph, inputs, attributes) => {
    const { x, filter } = inputs;
    return finished(graph, convolved(graph, x, filter, attributes), inputs, attributes);
  }),
  Conv2DBackpropInput: lowering<Sliding & tf.Conv2DBackpropInputAttrs>(
    (graph, { dy, filter }, sliding) =>
      inputGradient(graph, dy, filter, sliding.inputShape, sliding),
  ),
  Conv2DBackpropFilter: lowering<Sliding & tf.Conv2DBackpropFilterAttrs>(
    (graph, { x, dy }, sliding) => filterGradient(graph, x, dy, sliding.filterShape, sliding),
  ),
  Conv3D: lowering<Sliding>((graph, { x, filter }, sliding) =>
    convolved(graph, x, filter, sliding),
  ),
  Conv3DBackpropInputV2: lowering<Sliding & tf.Conv3DBackpropInputV2Attrs>(
    (graph, { dy, filter }, sliding) =>
      inputGradient(graph, dy, filter, sliding.inputShape, sliding),
  ),
  Conv3DBackpropFilterV2: lowering<Sliding & tf.Conv3DBackpropFilterV2Attrs>(
    (graph, { x, dy }, sliding) => filterGradient(graph, x, dy, sliding.filterShape, sliding),
  ),
};

const spatialOf = (filter: Shape): Shape => filter.slice(0, -2);

function convolved(graph: Graph, x: Node, filter: Node, sliding: Sliding): Node {
  const at = placed(x.shape, spatialOf(filter.shape), sliding);
  if (isProduct(at, sliding)) return matMul(graph, x, asMatrix(graph, filter));
  const data = channelsFirst(graph, x, sliding);
  const result = conv(graph, data, outFirst(graph, filter), { ...at.window, groups: 1 });
  return channelsBack(graph, result, sliding);
}

/** ∂/∂x: every output pixel gives its dy back to the pixels that its window saw. */
function inputGradient(graph: Graph, dy: Node, filter: Node, shape: Shape, sliding: Sliding): Node {
  const at = placed(shape, spatialOf(filter.shape), sliding);
  if (isProduct(at, sliding)) {
    return matMul(graph, dy, swapLast(graph, asMatrix(graph, filter)));
  }
  const given = channelsFirst(graph, dy, sliding);
  const window = { ...at.window, groups: 1 };
  const result = convTranspose(graph, given, outFirst(graph, filter), window, at.input);
  return channelsBack(graph, result, sliding);
}

/** ∂/∂filter: x convolved with dy, where channels play the batch, and strides and dilations change places. */
function filterGradient(graph: Graph, x: Node, dy: Node, shape: Shape, sliding: Sliding): Node {
  const at = placed(x.shape, spatialOf(shape), sliding);
  const [channels, filters] = shape.slice(-2);
  if (isProduct(at, sliding)) {
    const rows = sizeOf(dy.shape.slice(0, -1));
    const [p, q] = [reshape(graph, x, [rows, channels]), reshape(graph, dy, [rows, filters])];
    return reshape(graph, matMul(graph, swapLast(graph, p), q), shape);
  }
  const data = channelsAsBatch(graph, channelsFirst(graph, x, sliding));
  const seen = channelsAsBatch(graph, channelsFirst(graph, dy, sliding));
  const whole = conv(graph, data, seen, { ...exchanged(at), groups: 1 });
  const axes = spatialAxes(at.kernel.length, 2);
  return transpose(graph, cropped(graph, whole, at.kernel), [...axes, 0, 1]);
}

/** A convolution that looks at one pixel at a time is a product. */
const isProduct = ({ kernel, window }: Placed, sliding: Sliding): boolean =>
  !isChannelsFirst(sliding) &&
  [...kernel, ...window.strides].every((size) => size === 1) &&
  [...window.padsBefore, ...window.padsAfter].every((size) => size === 0);

const asMatrix = (graph: Graph, filter: Node): Node =>
  reshape(graph, filter, filter.shape.slice(-2));

/** [kernel…, in, out] as [out, in, kernel…]. */
function outFirst(graph: Graph, filter: Node): Node {
  const rank = filter.shape.length;
  return transpose(graph, filter, [rank - 1, rank - 2, ...spatialAxes(rank - 2, 0)]);
}

const channelsAsBatch = (graph: Graph, x: Node): Node =>
  transpose(graph, x, [1, 0, ...spatialAxes(x.shape.length - 2, 2)]);

/** The window of the filter's gradient; at least as many results as the filter is long, the first ones being it. */
export function exchanged({ kernel, input, output, window }: Placed): Placed["window"] {
  const { strides, dilations, padsBefore } = window;
  const padsAfter = kernel.map((size, i) =>
    Math.max(
      0,
      dilations[i] * (size - 1) + strides[i] * (output[i] - 1) + 1 - input[i] - padsBefore[i],
    ),
  );
  return { strides: dilations, dilations: strides, padsBefore, padsAfter };
}
