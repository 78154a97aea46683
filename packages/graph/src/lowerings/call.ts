import type { DataType } from "@tensorflow/tfjs";
import type { Graph } from "../graph.ts";
import type { KernelCall, Lowering } from "../lowering.ts";
import type { ArithmeticOp, DType, LogicOp, Node, Shape, UnaryOp } from "../node.ts";
import { arithmetic, cast, logic, reshape, unary } from "../ops/index.ts";
import { UnsupportedUse } from "../unsupported.ts";

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

/** A kernel of operands `a` and `b` that is one op; truths are counted as 0 and 1, and become truths again. */
export const asArithmetic = (op: ArithmeticOp): Lowering =>
  lowering((graph, { a, b }) => {
    if (a.dtype !== "bool") return arithmetic(graph, op, a, b);
    const [p, q] = [cast(graph, a, "int32"), cast(graph, b, "int32")];
    return cast(graph, arithmetic(graph, op, p, q), "bool");
  });

export const asLogic = (op: LogicOp): Lowering =>
  lowering((graph, { a, b }) => logic(graph, op, a, b));

/** tfjs's name of a type, if graphs have it; none means numbers. */
export function dtypeOf(dtype: DataType | undefined): DType {
  if (dtype === "string" || dtype === "complex64") throw new UnsupportedUse(`to ${dtype}`);
  return dtype ?? "float32";
}

export const isInt = ({ dtype }: Node): boolean => dtype !== "float32";

/** The type that holds both. */
export const upcast = (a: DType, b: DType): DType =>
  a === "float32" || b === "float32"
    ? "float32"
    : a === "int32" || b === "int32"
      ? "int32"
      : "bool";

/** The operands of a kernel that takes a list. */
export const listOf = (inputs: Readonly<Record<string, Node>>): readonly Node[] =>
  Object.values(inputs);

/** Axes as tfjs gives them: one or many, negative ones counted from the end; none given means all. */
export function axesOf(
  axis: number | readonly number[] | undefined | null,
  rank: number,
): readonly number[] {
  if (axis === undefined || axis === null) return Array.from({ length: rank }, (_, i) => i);
  const list = typeof axis === "number" ? [axis] : axis;
  return list.map((value) => axisOf(value, rank));
}

export const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** A result that keeps the axes it was reduced over, with length 1, where the kernel was asked to. */
export const keeping = (
  graph: Graph,
  reduced: Node,
  { shape }: Node,
  axes: readonly number[],
  keepDims: boolean | undefined,
): Node =>
  keepDims === true
    ? reshape(
        graph,
        reduced,
        shape.map((size, i) => (axes.includes(i) ? 1 : size)),
      )
    : reduced;

/** A shape with another length at one axis. */
export const resized = (shape: Shape, axis: number, size: number): Shape =>
  shape.map((old, i) => (i === axis ? size : old));

/** 0, 1, … as int32. */
export const counting = (graph: Graph, length: number, shape: Shape = [length]): Node =>
  graph.literal(
    Array.from({ length }, (_, i) => i),
    shape,
    "int32",
  );
