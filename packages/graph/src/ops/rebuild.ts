import type { Graph } from "../graph.ts";
import type { ArithmeticOp, LogicOp, Node, UnaryOp } from "../node.ts";
import { expand, reshape, transpose } from "./axes.ts";
import { concat } from "./concat.ts";
import { arithmetic, cast, logic, unary, where } from "./elementwise.ts";
import { gramian, matMul } from "./product.ts";
import { reduce } from "./reduce.ts";
import { argExtreme, cumSum, gather, scatterAdd, softmax, topK } from "./select.ts";
import { pad, slice } from "./slice.ts";
import { conv, convTranspose, pool } from "./window.ts";

/** The same op with the same attributes on other operands of the same shapes, simplified anew. */
export function rebuild(graph: Graph, node: Node, inputs: readonly Node[]): Node {
  const [a, b, c] = inputs;
  switch (node.op) {
    case "View":
    case "Constant":
    case "Literal":
      return node;
    case "Cast":
      return cast(graph, a, node.dtype);
    case "Where":
      return where(graph, a, b, c);
    case "Reshape":
      return reshape(graph, a, node.shape);
    case "Expand":
      return expand(graph, a, node.shape);
    case "Transpose":
      return transpose(graph, a, node.attributes.perm);
    case "Slice":
      return slice(graph, a, node.attributes.starts, node.shape, node.attributes.steps);
    case "Concat":
      return concat(graph, inputs, node.attributes.axis);
    case "Pad":
      return pad(graph, a, node.attributes.before, node.attributes.after, node.attributes.value);
    case "MatMul":
      return matMul(graph, a, b);
    case "Gramian":
      return gramian(graph, a, node.attributes.axis);
    case "Softmax":
    case "LogSoftmax":
      return softmax(graph, node.op, a);
    case "Gather":
      return gather(graph, a, b, node.attributes.axis);
    case "ScatterAdd":
      return scatterAdd(graph, a, b, node.shape[0]);
    case "CumSum":
      return cumSum(graph, a, node.attributes);
    case "ArgMax":
    case "ArgMin":
      return argExtreme(graph, node.op, a, node.attributes.axis);
    case "TopKValues":
      return topK(graph, a, node.attributes.k)[0];
    case "TopKIndices":
      return topK(graph, a, node.attributes.k)[1];
    case "Conv":
      return conv(graph, a, b, node.attributes);
    case "ConvTranspose":
      return convTranspose(graph, a, b, node.attributes, node.shape.slice(2));
    case "MaxPool":
    case "AveragePool":
      return pool(graph, node.op, a, node.attributes);
    case "ReduceSum":
    case "ReduceMax":
    case "ReduceMin":
    case "ReduceProd":
      return reduce(graph, node.op, a, node.attributes.axes);
    case "Equal":
    case "Less":
    case "LessOrEqual":
    case "Greater":
    case "GreaterOrEqual":
    case "And":
    case "Or":
      return logic(graph, node.op satisfies LogicOp, a, b);
    case "Add":
    case "Sub":
    case "Mul":
    case "Div":
    case "Pow":
    case "Max":
    case "Min":
    case "Mod":
      return arithmetic(graph, node.op satisfies ArithmeticOp, a, b);
    default:
      return unary(graph, node.op satisfies UnaryOp, a);
  }
}
