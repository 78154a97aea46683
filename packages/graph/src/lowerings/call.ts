import type { Graph } from "../graph.ts";
import type { KernelCall, Lowering } from "../lowering.ts";
import type { ArithmeticOp, LogicOp, Node, UnaryOp } from "../node.ts";
import { arithmetic, logic, unary } from "../ops/index.ts";

/** A lowering whose attributes have the type that tfjs gives them. */
export const lowering =
  <Attributes>(
    make: (
      graph: Graph,
      inputs: Readonly<Record<string, Node>>,
      attributes: Attributes,
    ) => Node | readonly Node[],
  ): Lowering =>
  ({ graph, inputs, attributes }: KernelCall) =>
    make(graph, inputs, attributes as Attributes);

/** A kernel of one operand `x`. */
export const onX = (make: (graph: Graph, x: Node) => Node): Lowering =>
  lowering((graph, { x }) => make(graph, x));

/** A kernel that is one unary op. */
export const asUnary = (op: UnaryOp): Lowering => onX((graph, x) => unary(graph, op, x));

/** A kernel of operands `a` and `b` that is one op. */
export const asArithmetic = (op: ArithmeticOp): Lowering =>
  lowering((graph, { a, b }) => arithmetic(graph, op, a, b));
export const asLogic = (op: LogicOp): Lowering =>
  lowering((graph, { a, b }) => logic(graph, op, a, b));

/** The operands of a kernel that takes a list. */
export const listOf = (inputs: Readonly<Record<string, Node>>): readonly Node[] =>
  Object.values(inputs);

/** Axes as tfjs gives them: one or many, negative ones counted from the end; none given means all. */
export function axesOf(
  axis: number | readonly number[] | undefined,
  rank: number,
): readonly number[] {
  if (axis === undefined || axis === null) return Array.from({ length: rank }, (_, i) => i);
  const list = typeof axis === "number" ? [axis] : axis;
  return list.map((value) => (value < 0 ? value + rank : value));
}
