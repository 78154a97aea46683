import { constantOf, type Graph } from "../graph.ts";
import { broadcast, type Node, type Shape, sizeOf } from "../node.ts";
import { expand, leftPadded, reshape, transpose } from "./axes.ts";

/** [..., m, k]·[..., k, n] with broadcast leading axes; both of rank 2 at least. */
export function matMul(graph: Graph, a: Node, b: Node): Node {
  const [m, k] = a.shape.slice(-2);
  const [rows, n] = b.shape.slice(-2);
  if (k !== rows) {
    throw new RangeError(`[${a.shape.join(", ")}]·[${b.shape.join(", ")}]: ${k} is not ${rows}`);
  }
  const shape: Shape = [...broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2)), m, n];
  if (k === 0 || constantOf(a) === 0 || constantOf(b) === 0)
    return graph.constant(0, shape, a.dtype);
  const [p, q] = [unspread(graph, a), unspread(graph, b)];
  const stored = broadcast(p.shape.slice(0, -2), q.shape.slice(0, -2));
  return expand(graph, graph.emit("MatMul", [p, q], null, [...stored, m, n], a.dtype), shape);
}

/**
 * Inner products of the slices of x along an axis: of the rows of J, J·Jᵀ. In which order numbers lie within a slice makes
 * no difference, so moves of axes go.
 */
export function gramian(graph: Graph, x: Node, axis: number): Node {
  const rows = x.shape[axis];
  const value = constantOf(x);
  if (value !== undefined) {
    const columns = sizeOf(x.shape) / Math.max(rows, 1);
    return graph.constant(value * value * columns, [rows, rows], x.dtype);
  }
  if (x.op === "Neg") return gramian(graph, x.inputs[0], axis);
  if (x.op === "Transpose") return gramian(graph, x.inputs[0], x.attributes.perm[axis]);
  if (x.op === "Reshape") {
    const below = sameAxis(x.inputs[0].shape, x.shape, axis);
    if (below !== undefined) return gramian(graph, x.inputs[0], below);
  }
  return graph.emit("Gramian", [x], { axis }, [rows, rows], x.dtype);
}

/** The axis of an array that is a given axis of it in another shape. */
function sameAxis(below: Shape, shape: Shape, axis: number): number | undefined {
  const before = sizeOf(shape.slice(0, axis));
  const found = below.findIndex(
    (size, i) => size === shape[axis] && sizeOf(below.slice(0, i)) === before,
  );
  return found < 0 ? undefined : found;
}

/** An operand without its broadcast over leading axes: the product broadcasts by itself. */
function unspread(graph: Graph, x: Node): Node {
  if (x.op !== "Expand") return x;
  const inner = leftPadded(x.inputs[0].shape, x.shape.length);
  const rank = inner.length;
  if (inner[rank - 1] !== x.shape[rank - 1] || inner[rank - 2] !== x.shape[rank - 2]) return x;
  const first = inner.slice(0, -2).findIndex((size) => size !== 1);
  const leading = first < 0 ? rank - 2 : first;
  return reshape(graph, x.inputs[0], inner.slice(leading));
}

/** Swaps the last two axes. */
export function swapLast(graph: Graph, x: Node): Node {
  const rank = x.shape.length;
  const perm = x.shape.map((_, i) => (i === rank - 1 ? rank - 2 : i === rank - 2 ? rank - 1 : i));
  return transpose(graph, x, perm);
}
