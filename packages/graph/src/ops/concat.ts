import { constantOf, type Graph } from "../graph.ts";
import { type Node, sameShape, type Shape, sizeOf } from "../node.ts";
import { expand, reshape, transpose } from "./axes.ts";
import { slice } from "./slice.ts";

/** Pieces one after another along an axis. */
export function concat(graph: Graph, parts: readonly Node[], axis: number): Node {
  const flat = parts
    .flatMap((part) =>
      part.op === "Concat" && part.attributes.axis === axis ? part.inputs : [part],
    )
    .filter((part) => part.shape[axis] > 0);
  if (flat.length === 0) return parts[0];
  const joined = flat.slice(1).reduce<Node[]>(
    (done, part) => {
      const last = done[done.length - 1];
      const both = adjacent(graph, last, part, axis);
      if (both) done[done.length - 1] = both;
      else done.push(part);
      return done;
    },
    [flat[0]],
  );
  if (joined.length === 1) return joined[0];
  const length = joined.reduce((sum, part) => sum + part.shape[axis], 0);
  const shape = joined[0].shape.map((size, i) => (i === axis ? length : size));
  if (joined[0].shape[axis] === 1 && joined.every((part) => part === joined[0])) {
    return expand(graph, joined[0], shape);
  }
  const whole = acrossPieces(graph, joined, axis) ?? acrossTransposes(graph, joined, axis);
  if (whole) return whole;
  return graph.emit("Concat", joined, { axis }, shape, joined[0].dtype);
}

/** Parts of equal shape as one, along a new axis. */
export function stack(graph: Graph, parts: readonly Node[], axis: number): Node {
  const { shape } = parts[0];
  const unit = [...shape.slice(0, axis), 1, ...shape.slice(axis)];
  return concat(
    graph,
    parts.map((part) => reshape(graph, part, unit)),
    axis,
  );
}

/** Neighbouring pieces of one value, cut along one axis and put together along another: that value, its axes moved. */
function acrossPieces(graph: Graph, parts: readonly Node[], axis: number): Node | undefined {
  const first = asSlice(parts[0]);
  if (!first || parts[0].shape[axis] !== 1) return undefined;
  const { whole, starts, shape } = first;
  let cut = -1;
  for (const [i, part] of parts.entries()) {
    const piece = asSlice(part);
    if (piece?.whole !== whole || !sameShape(piece.shape, shape)) return undefined;
    if (!sameShape(part.shape, parts[0].shape)) return undefined;
    if (i === 1) cut = starts.findIndex((start, j) => piece.starts[j] !== start);
    if (i > 0 && cut < 0) return undefined;
    const follows = starts.every(
      (start, j) => piece.starts[j] === start + (j === cut ? i * shape[j] : 0),
    );
    if (!follows) return undefined;
  }
  const count = parts.length;
  const region = slice(
    graph,
    whole,
    starts,
    shape.map((size, j) => (j === cut ? size * count : size)),
  );
  const apart = reshape(graph, region, [...shape.slice(0, cut), count, ...shape.slice(cut)]);
  const front = transpose(graph, apart, [cut, ...shape.map((_, j) => (j < cut ? j : j + 1))]);
  // [count, ...part], then the new axis to its place.
  const rest = parts[0].shape.filter((_, j) => j !== axis);
  const lanes = reshape(graph, front, [count, ...rest]);
  const axes = rest.map((_, j) => j + 1);
  return transpose(graph, lanes, [...axes.slice(0, axis), 0, ...axes.slice(axis)]);
}

/** Values with their axes moved in one way, which lie next to one another before. */
function acrossTransposes(graph: Graph, parts: readonly Node[], axis: number): Node | undefined {
  const [first] = parts;
  if (first.op !== "Transpose") return undefined;
  const { perm } = first.attributes;
  const inner: Node[] = [];
  for (const part of parts) {
    if (part.op !== "Transpose" || !sameShape(part.attributes.perm, perm)) return undefined;
    inner.push(part.inputs[0]);
  }
  const whole = concat(graph, inner, perm[axis]);
  return whole.op === "Concat" ? undefined : transpose(graph, whole, perm);
}

/** Two neighbouring pieces of one value, as one piece. */
function adjacent(graph: Graph, a: Node, b: Node, axis: number): Node | undefined {
  const length = a.shape[axis] + b.shape[axis];
  const shape = a.shape.map((size, i) => (i === axis ? length : size));
  const [x, y] = [constantOf(a), constantOf(b)];
  if (x !== undefined && Object.is(x, y)) return graph.constant(x, shape, a.dtype);
  if (a.op === "View" && b.op === "View") {
    const leading = a.shape.slice(0, axis).every((size) => size === 1);
    const follows =
      a.attributes.space === b.attributes.space &&
      a.attributes.at + sizeOf(a.shape) === b.attributes.at;
    return leading && follows && a.dtype === b.dtype
      ? graph.emit("View", [], a.attributes, shape, a.dtype)
      : undefined;
  }
  const [p, q] = [asSlice(a), asSlice(b)];
  if (!p || p.whole !== q?.whole) return undefined;
  const follows = p.starts.every(
    (start, i) => q.starts[i] === start + (i === p.axisOf(axis) ? p.shape[i] : 0),
  );
  const place = p.axisOf(axis);
  if (!follows || place < 0 || q.axisOf(axis) !== place) return undefined;
  const joined = p.shape.map((size, i) => (i === place ? size + q.shape[i] : size));
  if (!p.shape.every((size, i) => i === place || size === q.shape[i])) return undefined;
  return reshape(graph, slice(graph, p.whole, p.starts, joined), shape);
}

interface SliceView {
  readonly whole: Node;
  readonly starts: readonly number[];
  readonly shape: Shape;
  /** Which axis of the slice is axis i of the node (a Reshape may lie between); −1 for none. */
  readonly axisOf: (axis: number) => number;
}

/** A slice with step 1, also under a Reshape that only adds or drops axes of length 1. */
function asSlice(node: Node): SliceView | undefined {
  const inner = node.op === "Reshape" ? node.inputs[0] : node;
  if (inner.op !== "Slice" || !inner.attributes.steps.every((step) => step === 1)) return undefined;
  const { shape } = inner;
  const axisOf = (axis: number): number => {
    if (inner === node) return axis;
    const before = sizeOf(node.shape.slice(0, axis));
    const after = sizeOf(node.shape.slice(axis + 1));
    return shape.findIndex(
      (size, i) =>
        size === node.shape[axis] &&
        sizeOf(shape.slice(0, i)) === before &&
        sizeOf(shape.slice(i + 1)) === after,
    );
  };
  return { whole: inner.inputs[0], starts: inner.attributes.starts, shape, axisOf };
}
