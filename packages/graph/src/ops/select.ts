import { constantOf, type Graph } from "../graph.ts";
import type { Attributes, Node, Shape } from "../node.ts";
import { expand, reshape } from "./axes.ts";
import { slice } from "./slice.ts";

/** data with the indices' axes in place of `axis`; int32 indices. */
export function gather(graph: Graph, data: Node, indices: Node, axis: number): Node {
  const shape = [...data.shape.slice(0, axis), ...indices.shape, ...data.shape.slice(axis + 1)];
  const value = constantOf(data);
  if (value !== undefined) return graph.constant(value, shape, data.dtype);
  return (
    gatherKnown(graph, data, indices, axis, shape) ??
    graph.emit("Gather", [data, indices], { axis }, shape, data.dtype)
  );
}

/** Indices that are known and follow one another, or are all one: a slice. */
function gatherKnown(
  graph: Graph,
  data: Node,
  indices: Node,
  axis: number,
  shape: Shape,
): Node | undefined {
  const same = constantOf(indices);
  const values = indices.op === "Literal" ? indices.attributes.values : [];
  const follow = values.length > 0 && values.every((value, i) => value === values[0] + i);
  const start = same ?? (follow ? values[0] : undefined);
  if (start === undefined) return undefined;
  const length = same === undefined ? values.length : 1;
  if (start < 0 || start + length > data.shape[axis]) return undefined;
  const rows = slice(
    graph,
    data,
    data.shape.map((_, i) => (i === axis ? start : 0)),
    data.shape.map((size, i) => (i === axis ? length : size)),
  );
  if (same === undefined) return reshape(graph, rows, shape);
  const behind = data.shape.slice(axis + 1);
  const units = [...data.shape.slice(0, axis), ...indices.shape.map(() => 1), ...behind];
  return expand(graph, reshape(graph, rows, units), shape);
}

/** updates [n, …] added into zeros [rows, …] at int32 indices [n]; repeated indices add up. */
export function scatterAdd(graph: Graph, indices: Node, updates: Node, rows: number): Node {
  const shape = [rows, ...updates.shape.slice(1)];
  if (constantOf(updates) === 0) return graph.constant(0, shape, updates.dtype);
  return graph.emit("ScatterAdd", [indices, updates], null, shape, updates.dtype);
}

export const cumSum = (graph: Graph, x: Node, attributes: Attributes["CumSum"]): Node =>
  constantOf(x) === 0 ? x : graph.emit("CumSum", [x], attributes, x.shape, x.dtype);

export function argExtreme(graph: Graph, op: "ArgMax" | "ArgMin", x: Node, axis: number): Node {
  const shape: Shape = x.shape.filter((_, i) => i !== axis);
  return graph.emit(op, [x], { axis }, shape, "int32");
}

/** The k largest of the last axis and their places. */
export function topK(graph: Graph, x: Node, k: number): readonly [values: Node, indices: Node] {
  const shape = [...x.shape.slice(0, -1), k];
  return [
    graph.emit("TopKValues", [x], { k }, shape, x.dtype),
    graph.emit("TopKIndices", [x], { k }, shape, "int32"),
  ];
}

/** Over the last axis. */
export function softmax(graph: Graph, op: "Softmax" | "LogSoftmax", x: Node): Node {
  return graph.emit(op, [x], null, x.shape, x.dtype);
}
