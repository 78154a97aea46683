import type { Graph } from "../graph.ts";
import { type Node, type NodeOf, type Shape, sizeOf } from "../node.ts";
import { reshape, slice } from "../ops/index.ts";
import { markAlong } from "./mark.ts";
import { diagonalOf, type Representation, rowsOf, stackOf } from "./representation.ts";

/**
 * Which weights a node is: `from` … `from + size − 1`; undefined for any other node. Slices and reshapes of a view are
 * views themselves, so w is met in pieces.
 */
export function pieceOf(weights: Node, node: Node): { readonly from: number } | undefined {
  if (node === weights) return { from: 0 };
  if (!isView(node) || !isView(weights)) return undefined;
  if (node.attributes.space !== weights.attributes.space) return undefined;
  const from = node.attributes.at - weights.attributes.at;
  return from >= 0 && from + sizeOf(node.shape) <= sizeOf(weights.shape) ? { from } : undefined;
}

/** A piece of w at the unit vectors. */
export function seed(graph: Graph, shape: Shape, from: number): Representation {
  const tasks = Array.from({ length: sizeOf(shape) }, (_, i) => from + i);
  const long = shape.flatMap((size, axis) => (size === 1 ? [] : [axis]));
  const ones = graph.constant(1, shape);
  if (long.length === 0) return rowsOf(tasks, [ones]);
  if (long.length === 1) return diagonalOf(markAlong(long[0], tasks), ones);
  const unit = tasks.flatMap((_, row) => tasks.map((_task, column) => Number(row === column)));
  return stackOf(graph, tasks, graph.literal(unit, [tasks.length, ...shape]));
}

/** The same piece of other weights. */
export const pieceAt = (graph: Graph, by: Node, shape: Shape, from: number): Node =>
  reshape(graph, slice(graph, by, [from], [sizeOf(shape)]), shape);

const isView = (node: Node): node is NodeOf<"View"> & Node => node.op === "View";
