import type * as tf from "@tensorflow/tfjs";
import type { Graph } from "../graph.ts";
import type { Lowerings } from "../lowering.ts";
import type { Node, Shape } from "../node.ts";
import { conv, convTranspose, reshape, transpose } from "../ops/index.ts";
import { finished, type Finish } from "./activations.ts";
import { lowering } from "./call.ts";
import { exchanged } from "./convolution.ts";
import {
  channelsBack,
  channelsFirst,
  cropped,
  placed,
  type Sliding,
  spatialAxes,
} from "./windows.ts";

/** Convolutions of every channel by itself: filters [h, w, channels, multiplier] in tfjs, [channels·multiplier, 1, h, w] here. */
export const depthwise: Lowerings = {
  DepthwiseConv2dNative: lowering<Sliding>((graph, { x, filter }, sliding) =>
    convolved(graph, x, filter, sliding),
  ),
  FusedDepthwiseConv2D: lowering<Sliding & Finish>((graph, inputs, attributes) => {
    const { x, filter } = inputs;
    return finished(graph, convolved(graph, x, filter, attributes), inputs, attributes);
  }),
  DepthwiseConv2dNativeBackpropInput: lowering<
    Sliding & tf.DepthwiseConv2dNativeBackpropInputAttrs
  >((graph, { dy, filter }, sliding) => {
    const at = placed(sliding.inputShape, filter.shape.slice(0, 2), sliding);
    const window = { ...at.window, groups: filter.shape[2] };
    const given = channelsFirst(graph, dy, sliding);
    const result = convTranspose(graph, given, perChannel(graph, filter), window, at.input);
    return channelsBack(graph, result, sliding);
  }),
  DepthwiseConv2dNativeBackpropFilter: lowering<
    Sliding & tf.DepthwiseConv2dNativeBackpropFilterAttrs
  >((graph, { x, dy }, sliding) => filterGradient(graph, x, dy, sliding.filterShape, sliding)),
};

function convolved(graph: Graph, x: Node, filter: Node, sliding: Sliding): Node {
  const at = placed(x.shape, filter.shape.slice(0, 2), sliding);
  const window = { ...at.window, groups: filter.shape[2] };
  const data = channelsFirst(graph, x, sliding);
  const result = conv(graph, data, perChannel(graph, filter), window);
  return channelsBack(graph, result, sliding);
}

function perChannel(graph: Graph, filter: Node): Node {
  const [height, width, channels, multiplier] = filter.shape;
  const first = transpose(graph, filter, [2, 3, 0, 1]);
  return reshape(graph, first, [channels * multiplier, 1, height, width]);
}

/** ∂/∂filter: as for a full convolution, with one group for every channel. */
function filterGradient(graph: Graph, x: Node, dy: Node, shape: Shape, sliding: Sliding): Node {
  const at = placed(x.shape, shape.slice(0, 2), sliding);
  const [channels, multiplier] = shape.slice(2);
  const byChannel = (of: Node): Node =>
    transpose(graph, channelsFirst(graph, of, sliding), [1, 0, ...spatialAxes(2, 2)]);
  const data = byChannel(x);
  const [, batch, ...pixels] = data.shape;
  const whole = conv(graph, reshape(graph, data, [1, channels * batch, ...pixels]), byChannel(dy), {
    ...exchanged(at),
    groups: channels,
  });
  const filter = cropped(graph, whole, at.kernel);
  return transpose(
    graph,
    reshape(graph, filter, [channels, multiplier, ...at.kernel]),
    [2, 3, 0, 1],
  );
}
