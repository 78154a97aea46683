import { rewrite } from "@polytask/compiled";
import {
  type Attributes,
  type Graph,
  type Node,
  ops,
  type Shape,
  type Target,
} from "@polytask/graph";

/**
 * The same targets without what onnxruntime-node 1.30 has wrong on WebGPU, or lacks there: powers of broadcast operands, slices
 * that go backwards, convolutions with a kernel as long as the data, and some with groups or three spatial axes.
 */
export function forWebgpu(graph: Graph, targets: readonly Target[]): readonly Target[] {
  const nodes = rewrite(
    graph,
    targets.map(({ node }) => node),
    (node, inputs) => {
      const [data, filter] = inputs;
      if (node.op === "Pow") return power(graph, node, inputs);
      if (node.op === "Slice") return slice(graph, node.attributes, node.shape, data);
      if (node.op === "Conv") return conv(graph, data, filter, node.attributes);
      if (node.op === "ConvTranspose") {
        return convTranspose(graph, data, filter, node.attributes, node.shape.slice(2));
      }
      return undefined;
    },
  );
  return targets.map((target, i) => ({ ...target, node: nodes[i] }));
}

/** Where results are computed by fours, it fails for operands that have one number for all four; a lone number will do. */
function power(graph: Graph, { shape, dtype }: Node, inputs: readonly Node[]): Node | undefined {
  const width = shape[shape.length - 1];
  const isNarrow = (x: Node): boolean => x.shape.length > 1 && x.shape[x.shape.length - 1] === 1;
  if (width % 4 !== 0 || !inputs.some(isNarrow)) return undefined;
  const wide = inputs.map((x) =>
    isNarrow(x) ? graph.emit("Expand", [x], null, [...x.shape.slice(0, -1), width], dtype) : x,
  );
  return graph.emit("Pow", wide, null, shape, dtype);
}

/** Forwards, and then turned round; backwards it takes other numbers. */
function slice(
  graph: Graph,
  { starts, steps }: Attributes["Slice"],
  shape: Shape,
  x: Node,
): Node | undefined {
  const backwards = steps.flatMap((step, axis) => (step < 0 ? [axis] : []));
  if (backwards.length === 0) return undefined;
  const first = starts.map((start, i) => Math.min(start, start + (shape[i] - 1) * steps[i]));
  const forwards = ops.slice(graph, x, first, shape, steps.map(Math.abs));
  return backwards.reduce((found, axis) => turnedRound(graph, found, axis), forwards);
}

function turnedRound(graph: Graph, x: Node, axis: number): Node {
  const size = x.shape[axis];
  const places = Int32Array.from({ length: size }, (_, i) => size - 1 - i);
  return ops.gather(graph, x, graph.literal(places, [size], "int32"), axis);
}

/**
 * A kernel as long as the data, with nothing before it, is taken for a product, and what is padded behind is forgotten. Over
 * three axes there are no groups.
 */
function conv(
  graph: Graph,
  data: Node,
  filter: Node,
  attributes: Attributes["Conv"],
): Node | undefined {
  const { groups, padsBefore, padsAfter } = attributes;
  const kernel = filter.shape.slice(2);
  if (groups > 1 && kernel.length > 2) {
    const parts = Array.from({ length: groups }, (_, group) => {
      const part = (x: Node, axis: number): Node => piece(graph, x, axis, group, groups);
      const [own, with_] = [part(data, 1), part(filter, 0)];
      const alone = { ...attributes, groups: 1 };
      return conv(graph, own, with_, alone) ?? ops.conv(graph, own, with_, alone);
    });
    return ops.concat(graph, parts, 1);
  }
  const isLong = kernel.every((size, i) => size === data.shape[i + 2]);
  const isBare = padsBefore.every((pad) => pad === 0) && padsAfter.some((pad) => pad > 0);
  if (!isLong || !isBare) return undefined;
  const padded = ops.pad(graph, data, [0, 0, ...padsBefore], [0, 0, ...padsAfter]);
  return ops.conv(graph, padded, filter, { ...attributes, padsAfter: padsBefore });
}

/** One of several equal pieces along an axis. */
function piece(graph: Graph, x: Node, axis: number, which: number, of: number): Node {
  const size = x.shape[axis] / of;
  return ops.slice(
    graph,
    x,
    x.shape.map((_, i) => (i === axis ? which * size : 0)),
    x.shape.map((length, i) => (i === axis ? size : length)),
  );
}

/**
 * By its definition: a convolution of the data, spread with zeros between, with the kernel turned round. There is none over
 * three axes, and one in groups that turns several channels into one is wrong.
 */
function convTranspose(
  graph: Graph,
  data: Node,
  filter: Node,
  { strides, dilations, padsBefore, groups }: Attributes["ConvTranspose"],
  wanted: Shape,
): Node | undefined {
  const [channels, into, ...kernel] = filter.shape;
  const from = channels / groups;
  if (kernel.length < 3 && (groups === 1 || into > 1 || from === 1)) return undefined;

  const { shape } = data;
  const axes = kernel.map((size, i) => {
    const reach = dilations[i] * (size - 1);
    const before = reach - padsBefore[i];
    // Behind the last number, too, are zeros.
    const length = shape[i + 2] * strides[i];
    return { before, length, after: wanted[i] + reach - length - before };
  });
  const apart = [...shape.slice(0, 2), ...kernel.flatMap((_, i) => [shape[i + 2], 1])];
  const gaps = [0, 0, ...strides.flatMap((stride) => [0, stride - 1])];
  const none = gaps.map(() => 0);
  const spread = ops.reshape(graph, ops.pad(graph, ops.reshape(graph, data, apart), none, gaps), [
    ...shape.slice(0, 2),
    ...axes.map(({ length }) => length),
  ]);
  // Where the padding is wider than the kernel reaches, the first and last numbers count for nothing.
  const cut = (amount: number): number => Math.max(0, -amount);
  const within = ops.slice(
    graph,
    spread,
    [0, 0, ...axes.map(({ before }) => cut(before))],
    [
      ...shape.slice(0, 2),
      ...axes.map(({ length, before, after }) => length - cut(before) - cut(after)),
    ],
  );
  const byGroup = ops.reshape(graph, filter, [groups, from, into, ...kernel]);
  const swapped = ops.transpose(graph, byGroup, [0, 2, 1, ...kernel.map((_, i) => i + 3)]);
  const turned = kernel.reduce(
    (found, _, i) => turnedRound(graph, found, i + 2),
    ops.reshape(graph, swapped, [groups * into, from, ...kernel]),
  );
  const attributes = {
    groups,
    dilations,
    strides: strides.map(() => 1),
    padsBefore: axes.map(({ before }) => Math.max(0, before)),
    padsAfter: axes.map(({ after }) => Math.max(0, after)),
  };
  return conv(graph, within, turned, attributes) ?? ops.conv(graph, within, turned, attributes);
}
