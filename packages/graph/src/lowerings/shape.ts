import * as tf from "@tensorflow/tfjs";
import type { Graph } from "../graph.ts";
import type { Lowerings } from "../lowering.ts";
import { type Node, sizeOf } from "../node.ts";
import { cast, concat, expand, pad, reshape, slice, stack, transpose } from "../ops/index.ts";
import { axesOf, axisOf, dtypeOf, listOf, lowering, onX, resized } from "./call.ts";
import { batchToSpace, depthToSpace, mirrorPad, spaceToBatch } from "./space.ts";

/** Kernels that move numbers about and compute nothing. */
export const shapes: Lowerings = {
  Identity: onX((_, x) => x),
  Cast: lowering<tf.CastAttrs>((graph, { x }, { dtype }) => cast(graph, x, dtypeOf(dtype))),

  Reshape: lowering<tf.ReshapeAttrs>((graph, { x }, { shape }) => {
    const known = sizeOf(shape.filter((size) => size !== -1));
    const rest = known === 0 ? 0 : sizeOf(x.shape) / known;
    return reshape(
      graph,
      x,
      shape.map((size) => (size === -1 ? rest : size)),
    );
  }),
  ExpandDims: lowering<tf.ExpandDimsAttrs>((graph, { input }, { dim }) => {
    const axis = axisOf(dim, input.shape.length + 1);
    return reshape(graph, input, [...input.shape.slice(0, axis), 1, ...input.shape.slice(axis)]);
  }),
  Transpose: lowering<tf.TransposeAttrs>((graph, { x }, { perm }) => transpose(graph, x, perm)),
  Tile: lowering<tf.TileAttrs>((graph, { x }, { reps }) => {
    // [a, b] repeated [r, s] times is [1, a, 1, b] broadcast to [r, a, s, b].
    const apart = x.shape.flatMap((size) => [1, size]);
    const spread = x.shape.flatMap((size, i) => [reps[i], size]);
    const tiled = expand(graph, reshape(graph, x, apart), spread);
    return reshape(
      graph,
      tiled,
      x.shape.map((size, i) => size * reps[i]),
    );
  }),

  Concat: lowering<tf.ConcatAttrs>((graph, inputs, { axis }) => {
    const parts = listOf(inputs);
    const [{ dtype, shape }] = parts;
    return concat(
      graph,
      parts.map((part) => cast(graph, part, dtype)),
      axisOf(axis, shape.length),
    );
  }),
  Pack: lowering<tf.PackAttrs>((graph, inputs, { axis }) => {
    const parts = listOf(inputs);
    const [{ dtype, shape }] = parts;
    return stack(
      graph,
      parts.map((part) => cast(graph, part, dtype)),
      axisOf(axis, shape.length + 1),
    );
  }),
  Unpack: lowering<tf.UnpackAttrs>((graph, { value }, { axis }) => {
    const place = axisOf(axis, value.shape.length);
    const rest = value.shape.filter((_, i) => i !== place);
    return Array.from({ length: value.shape[place] }, (_, at) => {
      const starts = value.shape.map((_size, i) => (i === place ? at : 0));
      return reshape(graph, slice(graph, value, starts, resized(value.shape, place, 1)), rest);
    });
  }),
  SplitV: lowering<tf.SplitVAttrs>((graph, { x }, { numOrSizeSplits, axis }) => {
    const place = axisOf(axis, x.shape.length);
    let from = 0;
    return splitSizes(numOrSizeSplits, x.shape[place]).map((size) => {
      const starts = x.shape.map((_, i) => (i === place ? from : 0));
      from += size;
      return slice(graph, x, starts, resized(x.shape, place, size));
    });
  }),

  Slice: lowering<tf.SliceAttrs>((graph, { x }, { begin, size }) => {
    const from = typeof begin === "number" ? [begin] : (begin as readonly number[]);
    const given = typeof size === "number" ? [size] : (size as readonly number[]);
    const starts = x.shape.map((_, i) => from[i] ?? 0);
    const shape = x.shape.map((whole, i) => {
      const wanted = given[i] ?? -1;
      return wanted < 0 ? whole - starts[i] : wanted;
    });
    return slice(graph, x, starts, shape);
  }),
  StridedSlice: lowering<tf.StridedSliceAttrs>((graph, { x }, at) => {
    const { begin, end, strides, finalShape } = tf.slice_util.sliceInfo(
      [...x.shape],
      at.begin,
      at.end,
      at.strides,
      at.beginMask,
      at.endMask,
      at.ellipsisMask,
      at.newAxisMask,
      at.shrinkAxisMask,
    );
    const lengths = begin.map((from, i) => Math.max(0, Math.ceil((end[i] - from) / strides[i])));
    return reshape(graph, slice(graph, x, begin, lengths, strides), finalShape);
  }),
  Reverse: lowering<tf.ReverseAttrs>((graph, { x }, { dims }) =>
    reversed(graph, x, axesOf(dims, x.shape.length)),
  ),
  FlipLeftRight: lowering((graph, { image }) => reversed(graph, image, [2])),

  PadV2: lowering<tf.PadV2Attrs>((graph, { x }, { paddings, constantValue }) =>
    pad(
      graph,
      x,
      paddings.map(([before]) => before),
      paddings.map(([, after]) => after),
      constantValue,
    ),
  ),
  MirrorPad: lowering(mirrorPad),
  SpaceToBatchND: lowering(spaceToBatch),
  BatchToSpaceND: lowering(batchToSpace),
  DepthToSpace: lowering(depthToSpace),
};

function reversed(graph: Graph, x: Node, dims: readonly number[]): Node {
  const axes = dims.filter((axis) => x.shape[axis] > 1);
  const starts = x.shape.map((size, i) => (axes.includes(i) ? size - 1 : 0));
  const steps = x.shape.map((_, i) => (axes.includes(i) ? -1 : 1));
  return slice(graph, x, starts, x.shape, steps);
}

/** The lengths that a split asks for; one of them may be −1, for what is left. */
function splitSizes(given: number | readonly number[], length: number): readonly number[] {
  if (typeof given === "number") return Array.from({ length: given }, () => length / given);
  const known = given.filter((size) => size !== -1).reduce((a, b) => a + b, 0);
  return given.map((size) => (size === -1 ? length - known : size));
}
