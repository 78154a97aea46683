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

export const leftPadded = (shape: Shape, rank: number): Shape => [
  ...new Array<number>(rank - shape.length).fill(1),
  ...shape,
];

/** Row-major distances between neighbours of every axis. */
export const stridesOf = (shape: Shape): readonly number[] =>
  shape.map((_, i) => sizeOf(shape.slice(i + 1)));

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
