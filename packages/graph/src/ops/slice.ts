import { constantOf, type Graph } from "../graph.ts";
import { type Node, sameShape, type Shape } from "../node.ts";
import { expand, reshape, stridesOf } from "./axes.ts";

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
