import type { Graph } from "../graph.ts";
import type { Node, NodeOf, Op } from "../node.ts";
import type { Mark } from "./mark.ts";
import type { Diagonal, Settled } from "./representation.ts";

/** How an op acts on copies of one of its operands, in which it is linear, while the others do not depend on w. */
export interface Rule<O extends Op> {
  /** Whether it is linear in the operand at this place. */
  readonly linear: (node: NodeOf<O>, place: number) => boolean;
  /** Where the mark of a diagonal lies in the result; undefined where the op adds or moves numbers across tasks. */
  readonly mark: (node: NodeOf<O>, place: number, mark: Mark) => Mark | undefined;
  /** The op on copies [n, ...operand]: [n, ...result]. */
  readonly stacked: (graph: Graph, node: NodeOf<O>, place: number, value: Node) => Node;
  /** What the op makes of a diagonal across whose tasks it adds, if there is a better way than with all its zeros. */
  readonly across?: (
    graph: Graph,
    node: NodeOf<O>,
    place: number,
    operand: Diagonal,
  ) => Settled | undefined;
  /** For ops that cost nothing: rows stay apart. */
  readonly apart?: true;
}

export type Rules = { readonly [O in Op]?: Rule<O> };

/** The operands of a node, one of them replaced. */
export const withOperand = (node: Node, place: number, value: Node): readonly Node[] =>
  node.inputs.map((input, i) => (i === place ? value : input));

/** Copies [n, ...s] with axes of length 1 before s, so that s has the given rank and broadcasts as it did alone. */
export const lifted = (shape: readonly number[], rank: number): readonly number[] => [
  shape[0],
  ...new Array<number>(rank + 1 - shape.length).fill(1),
  ...shape.slice(1),
];

/** Axes of an operand, seen on copies of it. */
export const behindCopies = (axes: readonly number[]): readonly number[] =>
  axes.map((axis) => axis + 1);
