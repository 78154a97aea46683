import { constantOf, type Graph } from "../graph.ts";
import type { Attributes, Node, Shape } from "../node.ts";

/** Length of a window's result along one axis. */
export const windowed = (
  size: number,
  kernel: number,
  {
    stride,
    dilation,
    pad,
  }: { readonly stride: number; readonly dilation: number; readonly pad: number },
): number => Math.floor((size + pad - dilation * (kernel - 1) - 1) / stride) + 1;

/** Cross-correlation: data [batch, in, …], filter [out, in/groups, …]. */
export function conv(graph: Graph, data: Node, filter: Node, attributes: Attributes["Conv"]): Node {
  const spatial = spatialOf(data.shape, filter.shape.slice(2), attributes);
  const shape = [data.shape[0], filter.shape[0], ...spatial];
  if (isZero(data) || isZero(filter)) return graph.constant(0, shape, data.dtype);
  return graph.emit("Conv", [data, filter], attributes, shape, data.dtype);
}

/** The transpose of `conv` in its data, onto the given spatial shape. */
export function convTranspose(
  graph: Graph,
  data: Node,
  filter: Node,
  attributes: Attributes["ConvTranspose"],
  spatial: Shape,
): Node {
  const shape = [data.shape[0], filter.shape[1] * attributes.groups, ...spatial];
  if (isZero(data) || isZero(filter)) return graph.constant(0, shape, data.dtype);
  return graph.emit("ConvTranspose", [data, filter], attributes, shape, data.dtype);
}

export function pool(
  graph: Graph,
  op: "MaxPool" | "AveragePool",
  x: Node,
  attributes: Attributes["MaxPool"],
): Node {
  const shape = [x.shape[0], x.shape[1], ...spatialOf(x.shape, attributes.kernel, attributes)];
  return graph.emit(op, [x], attributes, shape, x.dtype);
}

const isZero = (x: Node): boolean => constantOf(x) === 0;

const spatialOf = (
  shape: Shape,
  kernel: readonly number[],
  { strides, dilations, padsBefore, padsAfter }: Omit<Attributes["MaxPool"], "kernel">,
): readonly number[] =>
  kernel.map((size, i) =>
    windowed(shape[i + 2], size, {
      stride: strides[i],
      dilation: dilations[i],
      pad: padsBefore[i] + padsAfter[i],
    }),
  );
