import type * as tf from "@tensorflow/tfjs";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { concat, pad, reshape, slice, transpose } from "../ops/index.ts";
import { resized } from "./call.ts";

type Inputs = Readonly<Record<string, Node>>;

/** Pads with what lies next to the border, mirrored: axis by axis, the edge itself repeated ("symmetric") or not ("reflect"). */
export function mirrorPad(
  graph: Graph,
  { x }: Inputs,
  { paddings, mode }: tf.MirrorPadAttrs,
): Node {
  const inset = mode === "reflect" ? 1 : 0;
  return paddings.reduce((padded, [before, after], axis) => {
    const length = padded.shape[axis];
    const mirrored = (from: number, size: number): Node =>
      slice(
        graph,
        padded,
        padded.shape.map((_, i) => (i === axis ? from : 0)),
        resized(padded.shape, axis, size),
        padded.shape.map((_, i) => (i === axis ? -1 : 1)),
      );
    const parts = [padded];
    if (before > 0) parts.unshift(mirrored(before - 1 + inset, before));
    if (after > 0) parts.push(mirrored(length - 1 - inset, after));
    return concat(graph, parts, axis);
  }, x);
}

/** [b, h·s, w·s, …] (padded) to [s²·b, h, w, …]. */
export function spaceToBatch(
  graph: Graph,
  { x }: Inputs,
  { blockShape, paddings }: tf.SpaceToBatchNDAttrs,
): Node {
  const of = (side: 0 | 1): number[] =>
    x.shape.map((_, i) => (i > 0 ? (paddings[i - 1]?.[side] ?? 0) : 0));
  const padded = pad(graph, x, of(0), of(1));
  const [batch, ...rest] = padded.shape;
  const spatial = blockShape.map((block, i) => rest[i] / block);
  const inner = rest.slice(blockShape.length);
  const apart = [batch, ...blockShape.flatMap((block, i) => [spatial[i], block]), ...inner];
  const blocks = blockShape.map((_, i) => 2 * i + 2);
  const others = [0, ...blockShape.map((_, i) => 2 * i + 1)];
  const moved = transpose(graph, reshape(graph, padded, apart), [
    ...blocks,
    ...others,
    ...inner.map((_, i) => 2 * blockShape.length + 1 + i),
  ]);
  const copies = blockShape.reduce((a, b) => a * b, batch);
  return reshape(graph, moved, [copies, ...spatial, ...inner]);
}

/** The way back, with the padding cut off. */
export function batchToSpace(
  graph: Graph,
  { x }: Inputs,
  { blockShape, crops }: tf.BatchToSpaceNDAttrs,
): Node {
  const depth = blockShape.length;
  const [copies, ...rest] = x.shape;
  const batch = copies / blockShape.reduce((a, b) => a * b, 1);
  const inner = rest.slice(depth);
  const apart = reshape(graph, x, [...blockShape, batch, ...rest]);
  const moved = transpose(graph, apart, [
    depth,
    ...blockShape.flatMap((_, i) => [depth + 1 + i, i]),
    ...inner.map((_, i) => 2 * depth + 1 + i),
  ]);
  const whole = reshape(graph, moved, [
    batch,
    ...blockShape.map((block, i) => block * rest[i]),
    ...inner,
  ]);
  const starts = whole.shape.map((_, i) => (i > 0 ? (crops[i - 1]?.[0] ?? 0) : 0));
  const shape = whole.shape.map((size, i) =>
    i > 0 ? size - starts[i] - (crops[i - 1]?.[1] ?? 0) : size,
  );
  return slice(graph, whole, starts, shape);
}

/** s² channels become a square of s × s pixels. */
export function depthToSpace(
  graph: Graph,
  { x }: Inputs,
  { blockSize: s, dataFormat }: tf.DepthToSpaceAttrs,
): Node {
  if (dataFormat === "NCHW") {
    const [b, c, h, w] = x.shape;
    const depth = c / (s * s);
    const apart = transpose(graph, reshape(graph, x, [b, s, s, depth, h, w]), [0, 3, 4, 1, 5, 2]);
    return reshape(graph, apart, [b, depth, h * s, w * s]);
  }
  const [b, h, w, c] = x.shape;
  const depth = c / (s * s);
  const apart = transpose(graph, reshape(graph, x, [b, h, w, s, s, depth]), [0, 1, 3, 2, 4, 5]);
  return reshape(graph, apart, [b, h * s, w * s, depth]);
}
