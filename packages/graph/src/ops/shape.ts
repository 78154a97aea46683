import { constantOf, type Graph } from "../graph.ts";
import { broadcast, type Node, sameShape, type Shape, sizeOf } from "../node.ts";

/** The same numbers in the same order, under another shape. */
export function reshape(graph: Graph, x: Node, shape: Shape): Node {
  if (sameShape(x.shape, shape)) return x;
  const value = constantOf(x);
  if (value !== undefined) return graph.constant(value, shape, x.dtype);
  if (x.op === "Reshape") return reshape(graph, x.inputs[0], shape);
  if (x.op === "View") return graph.emit("View", [], x.attributes, shape, x.dtype);
  if (x.op === "Literal") return graph.emit("Literal", [], x.attributes, shape, x.dtype);
  if (x.op === "Expand") {
    const inner = beforeExpand(x.inputs[0].shape, x.shape, shape);
    if (inner) return expand(graph, reshape(graph, x.inputs[0], inner), shape);
  }
  return graph.emit("Reshape", [x], null, shape, x.dtype);
}

/** Broadcasts to a shape. */
export function expand(graph: Graph, x: Node, shape: Shape): Node {
  if (sameShape(x.shape, shape)) return x;
  const value = constantOf(x);
  if (value !== undefined) return graph.constant(value, shape, x.dtype);
  if (sizeOf(x.shape) === sizeOf(shape)) return reshape(graph, x, shape);
  if (x.op === "Expand") return expand(graph, x.inputs[0], shape);
  if (!sameShape(broadcast(x.shape, shape), shape)) {
    throw new RangeError(`[${x.shape.join(", ")}] does not broadcast to [${shape.join(", ")}]`);
  }
  return graph.emit("Expand", [x], null, shape, x.dtype);
}

/** out[i_perm] = x[i]. */
export function transpose(graph: Graph, x: Node, perm: readonly number[]): Node {
  if (perm.every((axis, i) => axis === i)) return x;
  const shape = perm.map((axis) => x.shape[axis]);
  const value = constantOf(x);
  if (value !== undefined) return graph.constant(value, shape, x.dtype);
  if (x.op === "Transpose") {
    const before = x.attributes.perm;
    return transpose(
      graph,
      x.inputs[0],
      perm.map((axis) => before[axis]),
    );
  }
  // Axes of length 1 may go anywhere without moving a number.
  const moving = perm.filter((axis) => x.shape[axis] !== 1);
  if (moving.every((axis, i) => i === 0 || axis > moving[i - 1])) return reshape(graph, x, shape);
  if (moving.length < perm.length) {
    // Without them, so that moves before and after a Reshape that adds or drops some become one.
    const kept = [...moving].sort((a, b) => a - b);
    const bare = reshape(
      graph,
      x,
      kept.map((axis) => x.shape[axis]),
    );
    return reshape(
      graph,
      transpose(
        graph,
        bare,
        moving.map((axis) => kept.indexOf(axis)),
      ),
      shape,
    );
  }
  if (x.op === "Expand") {
    const inner = x.inputs[0];
    const padded = reshape(graph, inner, leftPadded(inner.shape, perm.length));
    return expand(graph, transpose(graph, padded, perm), shape);
  }
  return graph.emit("Transpose", [x], { perm }, shape, x.dtype);
}

/** x[starts + steps·i], for i below `shape`. */
export function slice(
  graph: Graph,
  x: Node,
  starts: readonly number[],
  shape: Shape,
  steps: readonly number[] = starts.map(() => 1),
): Node {
  const plain = steps.every((step) => step === 1);
  if (plain && sameShape(x.shape, shape)) return x;
  const value = constantOf(x);
  if (value !== undefined) return graph.constant(value, shape, x.dtype);
  return (
    (plain ? sliceThrough(graph, x, starts, shape) : undefined) ??
    graph.emit("Slice", [x], { starts, steps }, shape, x.dtype)
  );
}

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

/** `value` around x. */
export function pad(
  graph: Graph,
  x: Node,
  before: readonly number[],
  after: readonly number[],
  value = 0,
): Node {
  if ([...before, ...after].every((amount) => amount === 0)) return x;
  const shape = x.shape.map((size, i) => size + before[i] + after[i]);
  if (constantOf(x) === value) return graph.constant(value, shape, x.dtype);
  return graph.emit("Pad", [x], { before, after, value }, shape, x.dtype);
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

export const leftPadded = (shape: Shape, rank: number): Shape => [
  ...new Array<number>(rank - shape.length).fill(1),
  ...shape,
];

/** Row-major distances between neighbours of every axis. */
export const stridesOf = (shape: Shape): readonly number[] =>
  shape.map((_, i) => sizeOf(shape.slice(i + 1)));

/** Slices of what is itself put together from pieces. */
function sliceThrough(
  graph: Graph,
  x: Node,
  starts: readonly number[],
  shape: Shape,
): Node | undefined {
  if (x.op === "Slice" && x.attributes.steps.every((step) => step === 1)) {
    const from = starts.map((start, i) => start + x.attributes.starts[i]);
    return slice(graph, x.inputs[0], from, shape);
  }
  if (x.op === "View") {
    const place = contiguous(x.shape, starts, shape);
    if (place === undefined) return undefined;
    const { space, at } = x.attributes;
    return graph.emit("View", [], { space, at: at + place }, shape, x.dtype);
  }
  if (x.op === "Concat") {
    const { axis } = x.attributes;
    let from = starts[axis];
    for (const part of x.inputs) {
      if (from < part.shape[axis]) {
        if (from + shape[axis] > part.shape[axis]) return undefined;
        return slice(
          graph,
          part,
          starts.map((start, i) => (i === axis ? from : start)),
          shape,
        );
      }
      from -= part.shape[axis];
    }
  }
  if (x.op === "Reshape" && ["Slice", "Concat", "Expand"].includes(x.inputs[0].op)) {
    return sliceUnitAxes(graph, x, starts, shape);
  }
  if (x.op === "Expand") {
    const inner = x.inputs[0];
    const offset = x.shape.length - inner.shape.length;
    const own = inner.shape.map((size, i) => (size === 1 ? 1 : shape[i + offset]));
    const from = inner.shape.map((size, i) => (size === 1 ? 0 : starts[i + offset]));
    return expand(graph, slice(graph, inner, from, own), shape);
  }
  return undefined;
}

/** A slice of a Reshape that only adds or drops axes of length 1, taken before it. */
function sliceUnitAxes(
  graph: Graph,
  x: Node,
  starts: readonly number[],
  shape: Shape,
): Node | undefined {
  const [inner] = x.inputs;
  const axes = x.shape.flatMap((size, i) => (size === 1 ? [] : [i]));
  const own = inner.shape.flatMap((size, i) => (size === 1 ? [] : [i]));
  if (
    !sameShape(
      axes.map((i) => x.shape[i]),
      own.map((i) => inner.shape[i]),
    )
  )
    return undefined;
  const from = inner.shape.map(() => 0);
  const size = inner.shape.map(() => 1);
  own.forEach((i, j) => {
    from[i] = starts[axes[j]];
    size[i] = shape[axes[j]];
  });
  return reshape(graph, slice(graph, inner, from, size), shape);
}

/** Where a slice of a row-major array starts, if its numbers lie one after another there. */
function contiguous(whole: Shape, starts: readonly number[], shape: Shape): number | undefined {
  const first = shape.findIndex((size) => size !== 1);
  const rest = first < 0 ? [] : shape.slice(first + 1);
  if (first >= 0 && !rest.every((size, i) => size === whole[first + 1 + i])) return undefined;
  const strides = stridesOf(whole);
  return starts.reduce((sum, start, i) => sum + start * strides[i], 0);
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

/** The shape that an Expand's operand gets when the result is reshaped; undefined where an axis mixes broadcast and own. */
function beforeExpand(inner: Shape, whole: Shape, shape: Shape): Shape | undefined {
  const own = leftPadded(inner, whole.length);
  const result: number[] = [];
  let i = 0;
  for (const size of shape) {
    if (size === 1) {
      result.push(1);
      continue;
    }
    // Axes of the old shape that make up this one.
    let product = 1;
    let kept = 1;
    while (i < whole.length && product < size) {
      product *= whole[i];
      kept *= own[i];
      i++;
    }
    if (product !== size || (kept !== 1 && kept !== size)) return undefined;
    result.push(kept);
  }
  return result;
}
