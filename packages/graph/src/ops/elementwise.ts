import { constantOf, type Graph } from "../graph.ts";
import {
  type ArithmeticOp,
  broadcast,
  type DType,
  type LogicOp,
  type Node,
  type Shape,
  sizeOf,
  type UnaryOp,
} from "../node.ts";
import { ARITHMETIC_VALUES, LOGIC_VALUES, UNARY_VALUES } from "./values.ts";
import { expand } from "./axes.ts";

/** f(x), element by element. */
export function unary(graph: Graph, op: UnaryOp, x: Node): Node {
  const dtype = op === "Not" || op === "IsNaN" ? "bool" : x.dtype;
  const value = constantOf(x);
  if (value !== undefined) return graph.constant(UNARY_VALUES[op](value), x.shape, dtype);
  if (op === "Neg" && x.op === "Neg") return x.inputs[0];
  if (op === "Relu" && (x.op === "Relu" || x.op === "Sigmoid" || x.op === "Softplus")) return x;
  if (x.op === "Expand") return expand(graph, unary(graph, op, x.inputs[0]), x.shape);
  return graph.emit(op, [x], null, x.shape, dtype);
}

/** Arithmetic with numpy's broadcasting; both operands have one dtype. */
export function arithmetic(graph: Graph, op: ArithmeticOp, a: Node, b: Node): Node {
  const shape = broadcast(a.shape, b.shape);
  const [x, y] = [constantOf(a), constantOf(b)];
  if (x !== undefined && y !== undefined) {
    return graph.constant(ARITHMETIC_VALUES[op](x, y, a.dtype), shape, a.dtype);
  }
  return (
    neutral(graph, op, a, b, shape) ??
    merged(graph, op, a, b) ??
    compact(graph, a, b, shape, (p, q, s) => graph.emit(op, inOrder(op, p, q), null, s, a.dtype))
  );
}

/** Comparisons and connectives: a bool out. */
export function logic(graph: Graph, op: LogicOp, a: Node, b: Node): Node {
  const shape = broadcast(a.shape, b.shape);
  const [x, y] = [constantOf(a), constantOf(b)];
  if (x !== undefined && y !== undefined) {
    return graph.constant(Number(LOGIC_VALUES[op](x, y)), shape, "bool");
  }
  return compact(graph, a, b, shape, (p, q, s) => graph.emit(op, [p, q], null, s, "bool"));
}

/** condition ? a : b. */
export function where(graph: Graph, condition: Node, a: Node, b: Node): Node {
  const shape = broadcast(condition.shape, a.shape, b.shape);
  const known = constantOf(condition);
  if (known !== undefined) return expand(graph, known ? a : b, shape);
  const [x, y] = [constantOf(a), constantOf(b)];
  if (x !== undefined && x === y) return graph.constant(x, shape, a.dtype);
  const [c, p, q] = [condition, a, b].map((node) => small(graph, node));
  const needed = broadcast(c.shape, p.shape, q.shape);
  return expand(graph, graph.emit("Where", [c, p, q], null, needed, a.dtype), shape);
}

export function cast(graph: Graph, x: Node, dtype: DType): Node {
  if (x.dtype === dtype) return x;
  const value = constantOf(x);
  if (value !== undefined) return graph.constant(value, x.shape, dtype);
  if (x.op === "Expand") return expand(graph, cast(graph, x.inputs[0], dtype), x.shape);
  if (dtype === "float32" && x.op === "Greater" && isZero(x.inputs[1])) {
    const [of] = x.inputs;
    if (of.dtype === "float32") return expand(graph, unary(graph, "Step", of), x.shape);
  }
  // A bool is 0 or 1 in every type.
  if (x.op === "Cast" && x.inputs[0].dtype === "bool") return cast(graph, x.inputs[0], dtype);
  return graph.emit("Cast", [x], null, x.shape, dtype);
}

const isZero = (x: Node): boolean => constantOf(x) === 0;

/** x + 0, x·1, x·0 and their like. A product with a known 0 is 0, also where x may not be finite: what is masked is gone. */
function neutral(graph: Graph, op: ArithmeticOp, a: Node, b: Node, shape: Shape): Node | undefined {
  const [x, y] = [constantOf(a), constantOf(b)];
  const zero = (): Node => graph.constant(0, shape, a.dtype);
  const whole = (node: Node): Node => expand(graph, node, shape);
  switch (op) {
    case "Add":
      return x === 0 ? whole(b) : y === 0 ? whole(a) : undefined;
    case "Sub":
      return y === 0 ? whole(a) : x === 0 ? whole(unary(graph, "Neg", b)) : undefined;
    case "Mul":
      if (x === 0 || y === 0) return zero();
      if (x === 1) return whole(b);
      if (y === 1) return whole(a);
      if (x === -1) return whole(unary(graph, "Neg", b));
      return y === -1 ? whole(unary(graph, "Neg", a)) : undefined;
    case "Div":
      return x === 0 ? zero() : y === 1 ? whole(a) : undefined;
    case "Pow":
      if (y === 1) return whole(a);
      return y === 2 ? arithmetic(graph, "Mul", whole(a), whole(a)) : undefined;
    default:
      return undefined;
  }
}

/** c·(d·x) = (c·d)·x, for known c and d; a ± (−b). */
function merged(graph: Graph, op: ArithmeticOp, a: Node, b: Node): Node | undefined {
  if (op === "Mul" && a.dtype === "float32") {
    const [factor, other] = constantOf(a) === undefined ? [b, a] : [a, b];
    const outer = constantOf(factor);
    if (outer !== undefined && other.op === "Mul") {
      const [inner, x] =
        constantOf(other.inputs[0]) === undefined
          ? [other.inputs[1], other.inputs[0]]
          : [other.inputs[0], other.inputs[1]];
      const known = constantOf(inner);
      if (known !== undefined) {
        const product = graph.constant(outer * known);
        return expand(graph, arithmetic(graph, "Mul", x, product), broadcast(a.shape, b.shape));
      }
    }
    return undefined;
  }
  if (op === "Add" && b.op === "Neg") return arithmetic(graph, "Sub", a, b.inputs[0]);
  if (op === "Add" && a.op === "Neg") return arithmetic(graph, "Sub", b, a.inputs[0]);
  if (op === "Sub" && b.op === "Neg") return arithmetic(graph, "Add", a, b.inputs[0]);
  return undefined;
}

/** Computes on operands before their broadcast, and broadcasts the result. */
function compact(
  graph: Graph,
  a: Node,
  b: Node,
  shape: Shape,
  make: (a: Node, b: Node, shape: Shape) => Node,
): Node {
  const [p, q] = [small(graph, a), small(graph, b)];
  return expand(graph, make(p, q, broadcast(p.shape, q.shape)), shape);
}

/** A node before its broadcast: of a constant one number. */
function small(graph: Graph, node: Node): Node {
  if (node.op === "Expand") return node.inputs[0];
  return node.op === "Constant" && node.shape.length > 0
    ? graph.constant(node.attributes.value, [], node.dtype)
    : node;
}

/** Commutative operands in the order of ids, so that a·b and b·a are one node. */
const inOrder = (op: ArithmeticOp, a: Node, b: Node): readonly Node[] =>
  (op === "Add" || op === "Mul") && a.id > b.id ? [b, a] : [a, b];

export const add = (graph: Graph, a: Node, b: Node): Node => arithmetic(graph, "Add", a, b);
export const sub = (graph: Graph, a: Node, b: Node): Node => arithmetic(graph, "Sub", a, b);
export const mul = (graph: Graph, a: Node, b: Node): Node => arithmetic(graph, "Mul", a, b);
export const div = (graph: Graph, a: Node, b: Node): Node => arithmetic(graph, "Div", a, b);
export const neg = (graph: Graph, x: Node): Node => unary(graph, "Neg", x);

/** x times a known number. */
export const scale = (graph: Graph, x: Node, factor: number): Node =>
  mul(graph, x, graph.constant(factor, [], x.dtype));

/** How many numbers a node really holds, before its broadcast. */
export const storedSize = (node: Node): number =>
  node.op === "Constant" ? 1 : sizeOf(node.op === "Expand" ? node.inputs[0].shape : node.shape);
