import { constantOf, type Graph } from "../graph.ts";
import type { Node, NodeOf } from "../node.ts";
import { add, concat, expand, where } from "../ops/index.ts";
import { stackedOver, unionOf } from "./convert.ts";
import type { Report } from "./diagnostic.ts";
import { markAlong, NOBODY, sameMark, tasksAlong } from "./mark.ts";
import {
  diagonalOf,
  minus,
  plus,
  type Part,
  type Representation,
  type Settled,
  stackOf,
} from "./representation.ts";

/** What the joining ops need of the transform. */
export interface Join {
  readonly graph: Graph;
  /** Of an operand: undefined if it does not depend on w and is not 0. */
  readonly linearPart: (operand: Node) => Representation | undefined;
  readonly settle: (operand: Node, x: Representation, reader: Node) => Settled;
  readonly report: Report;
}

/** Ops that put several dependent operands together; undefined for another op, or where one does not vanish with w. */
export function join(context: Join, node: Node): Representation | undefined {
  switch (node.op) {
    case "Add":
    case "Sub":
      return sum(context, node);
    case "Concat":
      return joined(context, node);
    case "Where":
      return chosen(context, node);
    default:
      return undefined;
  }
}

function sum({ graph, linearPart }: Join, node: NodeOf<"Add" | "Sub">): Representation | undefined {
  const [a, b] = node.inputs.map((input) => linearPart(expand(graph, input, node.shape)));
  if (!a || !b) return undefined;
  return plus(graph, a, node.op === "Sub" ? minus(graph, b) : b);
}

/** where(c, a, b) = where(c, a, 0) + where(c, 0, b). */
function chosen({ graph, linearPart }: Join, node: NodeOf<"Where">): Representation | undefined {
  const [condition, a, b] = node.inputs;
  const none = graph.constant(0);
  const whole = (x: Node): Node => expand(graph, x, node.shape);
  if (linearPart(condition) || !linearPart(a) || !linearPart(b)) return undefined;
  if (constantOf(a) === 0 || constantOf(b) === 0) return undefined;
  return linearPart(
    add(graph, whole(where(graph, condition, a, none)), whole(where(graph, condition, none, b))),
  );
}

function joined(context: Join, node: NodeOf<"Concat"> & Node): Representation | undefined {
  const { graph } = context;
  const { axis } = node.attributes;
  const parts: Settled[] = [];
  for (const input of node.inputs) {
    const part = context.linearPart(input);
    if (!part) return undefined;
    parts.push(context.settle(input, part, node));
  }
  const values = (): readonly Node[] =>
    parts.map((part, i) =>
      part.kind === "zero"
        ? graph.constant(0, node.inputs[i].shape)
        : part.kind === "rows"
          ? part.values[0]
          : part.value,
    );

  const along = parts.map((part, i) => tasksOf(part, axis, node.inputs[i].shape[axis]));
  if (along.every((tasks) => tasks !== undefined)) {
    return diagonalOf(markAlong(axis, along.flat()), concat(graph, values(), axis));
  }
  const present = parts.filter((part): part is Part => part.kind !== "zero");
  const [first] = present;
  if (
    first.kind === "diagonal" &&
    first.mark.axis !== axis &&
    present.every((part) => part.kind === "diagonal" && sameMark(part.mark, first.mark))
  ) {
    return diagonalOf(first.mark, concat(graph, values(), axis));
  }
  if (present.some((part) => part.kind === "diagonal")) {
    context.report("dense", node, "is joined to values of other tasks");
  }
  const copies = unionOf(present);
  const stacks = parts.map((part, i) =>
    part.kind === "zero"
      ? graph.constant(0, [copies.length, ...node.inputs[i].shape])
      : stackedOver(graph, part, copies),
  );
  return stackOf(graph, copies, concat(graph, stacks, axis + 1));
}

/** Whose the places along an axis are, where each is one task's alone. */
function tasksOf(part: Settled, axis: number, length: number): readonly number[] | undefined {
  if (part.kind === "zero") return new Array<number>(length).fill(NOBODY);
  if (part.kind === "rows" && part.copies.length === 1) {
    return new Array<number>(length).fill(part.copies[0]);
  }
  return part.kind === "diagonal" && part.mark.axis === axis
    ? tasksAlong(part.mark, length)
    : undefined;
}
