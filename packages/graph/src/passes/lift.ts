import type { Graph } from "../graph.ts";
import type { ArithmeticOp, LogicOp, Node, UnaryOp } from "../node.ts";
import {
  argExtreme,
  arithmetic,
  cast,
  concat,
  conv,
  convTranspose,
  cumSum,
  expand,
  gather,
  logic,
  matMul,
  pad,
  pool,
  reduce,
  reshape,
  scatterAdd,
  slice,
  softmax,
  topK,
  transpose,
  unary,
  where,
} from "../ops/index.ts";

/** An operand of several equal ops at once: one value for all of them, or one value each, along a new first axis. */
export interface Operand {
  readonly value: Node;
  readonly lanes: boolean;
}

/** Whether `lift` knows an op, given which of its operands differ from lane to lane. */
export function liftable(node: Node, differs: readonly boolean[]): boolean {
  switch (node.op) {
    case "View":
    case "Constant":
    case "Literal":
    case "Gramian":
      return false;
    case "Gather":
      return !(differs[0] && differs[1]);
    case "ScatterAdd":
      return !differs[0];
    case "Conv":
    case "ConvTranspose":
      return !differs[1];
    default:
      return true;
  }
}

/**
 * One op instead of `count` equal ones: `like` with an axis of lanes in front.
 *
 * Operands [...] or, where they differ, [count, ...] in; [count, ...like.shape] out.
 */
export function lift(graph: Graph, like: Node, operands: readonly Operand[], count: number): Node {
  const rank = like.shape.length;
  const shape = [count, ...like.shape];
  // An operand of fewer axes than the result gets them behind the lanes, not before.
  const aligned = operands.map(({ value, lanes }) =>
    lanes && value.shape.length - 1 < rank
      ? reshape(graph, value, [
          count,
          ...new Array<number>(rank + 1 - value.shape.length).fill(1),
          ...value.shape.slice(1),
        ])
      : value,
  );
  const all = operands.map(({ value, lanes }) =>
    lanes
      ? value
      : expand(graph, reshape(graph, value, [1, ...value.shape]), [count, ...value.shape]),
  );
  const [a, b, c] = aligned;
  const [x] = all;
  switch (like.op) {
    case "View":
    case "Constant":
    case "Literal":
    case "Gramian":
      throw new RangeError(`there are no lanes of a ${like.op}`);
    case "Cast":
      return cast(graph, x, like.dtype);
    case "Where":
      return where(graph, a, b, c);
    case "Reshape":
      return reshape(graph, x, shape);
    case "Expand":
      return expand(graph, a, shape);
    case "Transpose":
      return transpose(graph, x, [0, ...like.attributes.perm.map((axis) => axis + 1)]);
    case "Slice":
      return slice(graph, x, [0, ...like.attributes.starts], shape, [1, ...like.attributes.steps]);
    case "Concat":
      return concat(graph, all, like.attributes.axis + 1);
    case "Pad": {
      const { before, after, value } = like.attributes;
      return pad(graph, x, [0, ...before], [0, ...after], value);
    }
    case "MatMul":
      return matMul(graph, a, b);
    case "Softmax":
    case "LogSoftmax":
      return softmax(graph, like.op, x);
    case "Gather":
      return liftGather(graph, operands, like.attributes.axis);
    case "ScatterAdd":
      return liftScatter(graph, operands, like.shape[0]);
    case "CumSum":
      return cumSum(graph, x, { ...like.attributes, axis: like.attributes.axis + 1 });
    case "ArgMax":
    case "ArgMin":
      return argExtreme(graph, like.op, x, like.attributes.axis + 1);
    case "TopKValues":
      return topK(graph, x, like.attributes.k)[0];
    case "TopKIndices":
      return topK(graph, x, like.attributes.k)[1];
    case "Conv":
      return inBatch(graph, x, (data) => conv(graph, data, operands[1].value, like.attributes));
    case "ConvTranspose":
      return inBatch(graph, x, (data) =>
        convTranspose(graph, data, operands[1].value, like.attributes, like.shape.slice(2)),
      );
    case "MaxPool":
    case "AveragePool":
      return inBatch(graph, x, (data) => pool(graph, like.op, data, like.attributes));
    case "ReduceSum":
    case "ReduceMax":
    case "ReduceMin":
    case "ReduceProd":
      return reduce(
        graph,
        like.op,
        x,
        like.attributes.axes.map((axis) => axis + 1),
      );
    case "Equal":
    case "Less":
    case "LessOrEqual":
    case "Greater":
    case "GreaterOrEqual":
    case "And":
    case "Or":
      return logic(graph, like.op satisfies LogicOp, a, b);
    case "Add":
    case "Sub":
    case "Mul":
    case "Div":
    case "Pow":
    case "Max":
    case "Min":
    case "Mod":
      return arithmetic(graph, like.op satisfies ArithmeticOp, a, b);
    default:
      return unary(graph, like.op satisfies UnaryOp, x);
  }
}

/** Lanes of examples are examples. */
function inBatch(graph: Graph, x: Node, make: (data: Node) => Node): Node {
  const [count, batch, ...rest] = x.shape;
  const made = make(reshape(graph, x, [count * batch, ...rest]));
  return reshape(graph, made, [count, batch, ...made.shape.slice(1)]);
}

function liftGather(graph: Graph, [data, indices]: readonly Operand[], axis: number): Node {
  if (data.lanes) return gather(graph, data.value, indices.value, axis + 1);
  const found = gather(graph, data.value, indices.value, axis);
  const rest = found.shape.flatMap((_, i) => (i === axis ? [] : [i]));
  return transpose(graph, found, [axis, ...rest]);
}

/** Rows of all lanes side by side, so that every index is read once. */
function liftScatter(graph: Graph, [indices, updates]: readonly Operand[], rows: number): Node {
  const { value } = updates;
  const behind = value.shape.slice(2).map((_, i) => i + 2);
  const wide = transpose(graph, value, [1, 0, ...behind]);
  const sums = scatterAdd(graph, indices.value, wide, rows);
  return transpose(graph, sums, [1, 0, ...behind]);
}
