import { constantOf, type Graph } from "../graph.ts";
import { type Node, sameShape, type Shape, sizeOf } from "../node.ts";
import { reshape, slice, stack, transpose } from "../ops/index.ts";

/** Values [...shape] as one [count, ...shape]: without a copy where they are pieces of one value already. */
export const stackLanes = (graph: Graph, values: readonly Node[]): Node =>
  known(graph, values) ?? pieces(graph, values) ?? stack(graph, values, 0);

/** Lane i of a value [count, ...shape]. */
export function laneOf(graph: Graph, value: Node, i: number): Node {
  const [, ...shape] = value.shape;
  const starts = [i, ...shape.map(() => 0)];
  return reshape(graph, slice(graph, value, starts, [1, ...shape]), shape);
}

/** Lanes first … first + count − 1. */
export const lanesOf = (graph: Graph, value: Node, first: number, count: number): Node =>
  slice(
    graph,
    value,
    value.shape.map((_, i) => (i === 0 ? first : 0)),
    [count, ...value.shape.slice(1)],
  );

/** Lanes [count, ...shape] one after another along an axis of `shape`. */
export function joinLanes(graph: Graph, value: Node, axis: number): Node {
  const [count, ...shape] = value.shape;
  const joined = shape.map((size, i) => (i === axis ? size * count : size));
  return reshape(graph, moveAxis(graph, value, 0, axis), joined);
}

/** The other way round: an axis cut into `count` equal pieces, as lanes. */
function splitLanes(graph: Graph, value: Node, axis: number, count: number): Node {
  const { shape } = value;
  const cut = [...shape.slice(0, axis), count, shape[axis] / count, ...shape.slice(axis + 1)];
  return moveAxis(graph, reshape(graph, value, cut), axis, 0);
}

/** The axis `from` becomes the axis `to`; the others keep their order. */
function moveAxis(graph: Graph, value: Node, from: number, to: number): Node {
  const rest = value.shape.flatMap((_, i) => (i === from ? [] : [i]));
  return transpose(graph, value, [...rest.slice(0, to), from, ...rest.slice(to)]);
}

/** Numbers known when the graph is made. */
function known(graph: Graph, values: readonly Node[]): Node | undefined {
  const [{ shape, dtype }] = values;
  const size = sizeOf(shape);
  if (size * values.length > 4096) return undefined;
  const numbers: number[] = [];
  for (const value of values) {
    const constant = constantOf(value);
    if (constant !== undefined) numbers.push(...new Array<number>(size).fill(constant));
    else if (value.op === "Literal") numbers.push(...value.attributes.values);
    else return undefined;
  }
  return graph.literal(numbers, [values.length, ...shape], dtype);
}

/** Equal neighbouring pieces of one value, cut along one axis and under one Reshape. */
function pieces(graph: Graph, values: readonly Node[]): Node | undefined {
  const first = pieceOf(values[0]);
  if (!first) return undefined;
  const count = values.length;
  const { whole, starts, shape } = first;
  let axis = -1;
  for (let i = 1; i < count; i++) {
    const piece = pieceOf(values[i]);
    if (piece?.whole !== whole || !sameShape(piece.shape, shape)) return undefined;
    if (axis < 0) axis = starts.findIndex((start, j) => piece.starts[j] !== start);
    const follows = starts.every(
      (start, j) => piece.starts[j] === start + (j === axis ? i * shape[j] : 0),
    );
    if (axis < 0 || !follows) return undefined;
  }
  const region = slice(
    graph,
    whole,
    starts,
    shape.map((size, j) => (j === axis ? size * count : size)),
  );
  return reshape(graph, splitLanes(graph, region, axis, count), [count, ...values[0].shape]);
}

export interface Piece {
  readonly whole: Node;
  readonly starts: readonly number[];
  readonly shape: Shape;
}

/** A slice with step 1, also under a Reshape. */
export function pieceOf(node: Node): Piece | undefined {
  const inner = node.op === "Reshape" ? node.inputs[0] : node;
  if (inner.op !== "Slice" || inner.attributes.steps.some((step) => step !== 1)) return undefined;
  return { whole: inner.inputs[0], starts: inner.attributes.starts, shape: inner.shape };
}
