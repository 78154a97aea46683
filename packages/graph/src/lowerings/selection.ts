import type * as tf from "@tensorflow/tfjs";
import type { Graph } from "../graph.ts";
import type { Lowerings } from "../lowering.ts";
import { type Node, type Shape, sizeOf } from "../node.ts";
import { UnsupportedUse } from "../unsupported.ts";
import {
  add,
  cast,
  expand,
  gather,
  logic,
  mul,
  reshape,
  scatterAdd,
  stridesOf,
  sum,
  topK,
  transpose,
  where,
} from "../ops/index.ts";
import { axisOf, lowering } from "./call.ts";

type Inputs = Readonly<Record<string, Node>>;

/** Kernels whose indices are values. */
export const selection: Lowerings = {
  GatherV2: lowering<tf.GatherV2Attrs>((graph, { x, indices }, { axis, batchDims }) => {
    const place = axisOf(axis, x.shape.length);
    return batchDims === 0
      ? gather(graph, x, indices, place)
      : gatherPerBatch(graph, x, indices, place, axisOf(batchDims, indices.shape.length));
  }),
  GatherNd: lowering((graph, { params, indices }) => {
    const { rows, flat, rest } = addressed(graph, params.shape, indices);
    const table = reshape(graph, params, [rows, ...rest]);
    return reshape(graph, gather(graph, table, flat, 0), [...indices.shape.slice(0, -1), ...rest]);
  }),
  TopK: lowering<tf.TopKAttrs>((graph, { x }, { k }) => topK(graph, x, k)),

  UnsortedSegmentSum: lowering<tf.UnsortedSegmentSumAttrs>(
    (graph, { x, segmentIds }, { numSegments }) => {
      const count = sizeOf(segmentIds.shape);
      const rest = x.shape.slice(segmentIds.shape.length);
      const rows = reshape(graph, x.dtype === "bool" ? cast(graph, x, "int32") : x, [
        count,
        ...rest,
      ]);
      return scatterAdd(graph, reshape(graph, segmentIds, [count]), rows, numSegments);
    },
  ),
  ScatterNd: lowering<tf.ScatterNdAttrs>((graph, inputs, { shape }) =>
    scattered(graph, inputs, shape),
  ),
  TensorScatterUpdate: lowering((graph, { tensor, indices, updates }) =>
    overwritten(graph, tensor, {
      indices,
      updates: withoutReplaced(graph, tensor.shape, { indices, updates }),
    }),
  ),
  SparseToDense: lowering<tf.SparseToDenseAttrs>(
    (graph, { sparseIndices, sparseValues, defaultValue }, { outputShape }) => {
      const rank = outputShape.length;
      const updates = scattering(graph, sparseIndices, sparseValues, rank);
      return overwritten(graph, defaultValue, updates, outputShape);
    },
  ),
  SearchSorted: lowering<tf.SearchSortedAttrs>((graph, { sortedSequence, values }, { side }) => {
    // How many of the sequence lie before the value.
    const [batch, length] = sortedSequence.shape;
    const sequence = reshape(graph, sortedSequence, [batch, 1, length]);
    const wanted = reshape(graph, values, [batch, values.shape[1], 1]);
    const before = logic(graph, side === "left" ? "Less" : "LessOrEqual", sequence, wanted);
    return sum(graph, cast(graph, before, "int32"), [2]);
  }),
};

/** Rows of every entry of a batch by indices of its own: rows of all of them as one table. */
function gatherPerBatch(
  graph: Graph,
  x: Node,
  indices: Node,
  axis: number,
  batchDims: number,
): Node {
  const batch = x.shape.slice(0, batchDims);
  const between = x.shape.map((_, i) => i).slice(batchDims, axis);
  const after = x.shape.map((_, i) => i).slice(axis + 1);
  const front = transpose(graph, x, [...batch.map((_, i) => i), axis, ...between, ...after]);
  const [entries, length] = [sizeOf(batch), x.shape[axis]];
  const rest = front.shape.slice(batchDims + 1);
  const table = reshape(graph, front, [entries * length, ...rest]);
  const own = indices.shape.slice(batchDims);
  const starts = graph.literal(
    batch.length === 0 ? [0] : Array.from({ length: entries }, (_, i) => i * length),
    [...batch, ...own.map(() => 1)],
    "int32",
  );
  const rows = gather(graph, table, add(graph, indices, starts), 0);
  // The axes that lay between go back before the indices'.
  const middle = batchDims + own.length;
  return transpose(graph, rows, [
    ...batch.map((_, i) => i),
    ...between.map((_, i) => middle + i),
    ...own.map((_, i) => batchDims + i),
    ...after.map((_, i) => middle + between.length + i),
  ]);
}

/** Indices [..., d] into the first d axes of a shape, as places [n] in a table of all rows that they can name. */
function addressed(
  graph: Graph,
  shape: Shape,
  indices: Node,
): { readonly rows: number; readonly flat: Node; readonly rest: Shape } {
  const depth = indices.shape[indices.shape.length - 1];
  const named = shape.slice(0, depth);
  const count = sizeOf(indices.shape.slice(0, -1));
  const strides = graph.literal(stridesOf(named), [depth], "int32");
  const list = reshape(graph, indices, [count, depth]);
  const flat = sum(graph, mul(graph, list, strides), [1]);
  return { rows: sizeOf(named), flat, rest: shape.slice(depth) };
}

/** Updates added into zeros; those of one place add up. */
function scattered(graph: Graph, { indices, updates }: Inputs, shape: Shape): Node {
  const { rows, flat, rest } = addressed(graph, shape, indices);
  const list = reshape(graph, updates, [sizeOf(flat.shape), ...rest]);
  return reshape(graph, scatterAdd(graph, flat, list, rows), shape);
}

/** `base` with other values at some places. */
function overwritten(
  graph: Graph,
  base: Node,
  { indices, updates }: Inputs,
  shape: Shape = base.shape,
): Node {
  const ones = graph.constant(1, updates.shape, "int32");
  const hits = scattered(graph, { indices, updates: ones }, shape);
  const hit = logic(graph, "Greater", hits, graph.constant(0, [], "int32"));
  return where(graph, hit, scattered(graph, { indices, updates }, shape), base);
}

/** As many updates of one call at most; each is compared with each. */
const COMPARED = 4096;

/** 0 in place of an update that a later one at its place replaces. */
function withoutReplaced(graph: Graph, shape: Shape, { indices, updates }: Inputs): Node {
  if (isOneByOne(indices, shape)) return updates;
  const { flat, rest } = addressed(graph, shape, indices);
  const count = sizeOf(flat.shape);
  if (count > COMPARED) {
    throw new UnsupportedUse(`of more than ${COMPARED.toLocaleString("en")} updates at once`);
  }
  const numbers = graph.literal(
    Array.from({ length: count }, (_, i) => i),
    [count],
    "int32",
  );
  const [before, after] = [
    [count, 1],
    [1, count],
  ] as const;
  const later = logic(
    graph,
    "Less",
    reshape(graph, numbers, before),
    reshape(graph, numbers, after),
  );
  const same = logic(graph, "Equal", reshape(graph, flat, before), reshape(graph, flat, after));
  const replaced = sum(graph, cast(graph, logic(graph, "And", later, same), "int32"), [1]);
  const stays = logic(graph, "Equal", replaced, graph.constant(0, [], "int32"));
  const perUpdate = reshape(graph, stays, [...indices.shape.slice(0, -1), ...rest.map(() => 1)]);
  return where(graph, perUpdate, updates, graph.constant(0, [], updates.dtype));
}

/** Whether indices are known, and no two the same. */
function isOneByOne(indices: Node, shape: Shape): boolean {
  if (indices.op !== "Literal") return false;
  const depth = indices.shape[indices.shape.length - 1];
  const strides = stridesOf(shape.slice(0, depth));
  const { values } = indices.attributes;
  const places = Array.from({ length: values.length / depth }, (_, i) =>
    strides.reduce((at, stride, j) => at + stride * values[i * depth + j], 0),
  );
  return new Set(places).size === places.length;
}

/** Sparse coordinates (a number, [n], or [n, rank]) and values (one, or one each) as a scatter's. */
function scattering(graph: Graph, indices: Node, values: Node, rank: number): Inputs {
  const count = sizeOf(indices.shape) / rank;
  return {
    indices: reshape(graph, indices, [count, rank]),
    updates: expand(graph, values, [count]),
  };
}
