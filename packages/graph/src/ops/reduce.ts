import { constantOf, type Graph } from "../graph.ts";
import { type DType, type Node, type ReductionOp, type Shape, sizeOf } from "../node.ts";
import { arithmetic, scale } from "./elementwise.ts";
import { leftPadded, reshape } from "./axes.ts";

/** Reduces the given axes, which disappear. */
export function reduce(graph: Graph, op: ReductionOp, x: Node, axes: readonly number[]): Node {
  const sorted = [...new Set(axes)].sort((a, b) => a - b);
  const shape = without(x.shape, sorted);
  const count = sizeOf(sorted.map((axis) => x.shape[axis]));
  const value = constantOf(x);
  if (count === 0) return graph.constant(ofNothing(op, x.dtype), shape, x.dtype);
  if (value !== undefined) return graph.constant(ofEquals(op, value, count), shape, x.dtype);
  if (count === 1) return reshape(graph, x, shape);
  if (op === "ReduceSum") {
    const simpler = sumSimpler(graph, x, sorted, shape);
    if (simpler) return simpler;
  }
  return graph.emit(op, [x], { axes: sorted }, shape, x.dtype);
}

export const sum = (graph: Graph, x: Node, axes: readonly number[]): Node =>
  reduce(graph, "ReduceSum", x, axes);

/** The reduction of no numbers at all. */
function ofNothing(op: ReductionOp, dtype: DType): number {
  const end = dtype === "float32" ? Infinity : 2 ** 31 - 1;
  return { ReduceSum: 0, ReduceProd: 1, ReduceMax: -end, ReduceMin: end }[op];
}

/** Of one number, some times. */
const ofEquals = (op: ReductionOp, value: number, count: number): number =>
  op === "ReduceSum" ? value * count : op === "ReduceProd" ? value ** count : value;

/** A shape without some of its axes. */
export const without = (shape: Shape, axes: readonly number[]): Shape =>
  shape.filter((_, i) => !axes.includes(i));

/** Adds up what was broadcast, so that the result has the given shape: the transpose of a broadcast. */
export function sumTo(graph: Graph, x: Node, shape: Shape): Node {
  const offset = x.shape.length - shape.length;
  const axes = x.shape.flatMap((size, i) =>
    i < offset || (shape[i - offset] === 1 && size !== 1) ? [i] : [],
  );
  return reshape(graph, axes.length === 0 ? x : sum(graph, x, axes), shape);
}

/** Sums of broadcasts and of products with a number. */
function sumSimpler(
  graph: Graph,
  x: Node,
  axes: readonly number[],
  shape: Shape,
): Node | undefined {
  if (x.op === "Expand") {
    const inner = leftPadded(x.inputs[0].shape, x.shape.length);
    const spread = axes.filter((axis) => inner[axis] === 1);
    if (spread.length === 0) return undefined;
    const times = sizeOf(spread.map((axis) => x.shape[axis]));
    const rest = axes.filter((axis) => inner[axis] !== 1);
    const summed = sum(graph, reshape(graph, x.inputs[0], inner), rest);
    const kept = reshape(graph, summed, without(inner, axes));
    return arithmetic(graph, "Mul", kept, graph.constant(times, shape, x.dtype));
  }
  if (x.op === "Mul") {
    const [a, b] = x.inputs;
    const [p, q] = [constantOf(a), constantOf(b)];
    if (p !== undefined) return scale(graph, sum(graph, b, axes), p);
    if (q !== undefined) return scale(graph, sum(graph, a, axes), q);
  }
  if (x.op === "Neg") return scale(graph, sum(graph, x.inputs[0], axes), -1);
  if (x.op === "ReduceSum") {
    const inside = x.attributes.axes;
    const kept = x.inputs[0].shape.flatMap((_, i) => (inside.includes(i) ? [] : [i]));
    return sum(graph, x.inputs[0], [...inside, ...axes.map((axis) => kept[axis])]);
  }
  return undefined;
}
