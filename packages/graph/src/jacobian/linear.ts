import type { Graph } from "../graph.ts";
import type { Node, Op } from "../node.ts";
import { rebuild } from "../ops/index.ts";
import { stacked, unionOf } from "./convert.ts";
import type { Report } from "./diagnostic.ts";
import {
  diagonalOf,
  type Mix,
  plus,
  type Representation,
  rowsOf,
  type Settled,
  stackOf,
} from "./representation.ts";
import { type Rule, withOperand } from "./rule.ts";
import { disjointRows } from "./rows.ts";

/** An op that is linear in its operand at one place, on which alone w has an effect. */
export interface Application {
  readonly graph: Graph;
  readonly node: Node;
  readonly place: number;
  readonly rule: Rule<Op>;
  readonly report: Report;
}

/** What the op makes of its operand. */
export function applied(to: Application, operand: Settled): Settled {
  const { graph, node, place, rule } = to;
  const apply = (value: Node): Node => rebuild(graph, node, withOperand(node, place, value));
  switch (operand.kind) {
    case "zero":
      return operand;
    case "rows": {
      if (operand.copies.length === 1) return rowsOf(operand.copies, operand.values.map(apply));
      const diagonal = disjointRows(graph, operand);
      if (diagonal) return applied(to, diagonal);
      return rule.apart
        ? rowsOf(operand.copies, operand.values.map(apply))
        : applied(to, stacked(graph, operand));
    }
    case "diagonal": {
      const mark = rule.mark(node, place, operand.mark);
      if (mark) return diagonalOf(mark, apply(operand.value));
      const across = rule.across?.(graph, node, place, operand);
      if (across) return across;
      to.report("dense", node, "mixes the axis along which the tasks lie");
      return applied(to, stacked(graph, operand));
    }
    case "stack":
      return stackOf(graph, operand.copies, rule.stacked(graph, node, place, operand.value));
  }
}

/** Whether an op costs less on every part of a sum than on the sum, which holds a value of every copy. */
export const cheaperApart = ({ parts }: Mix): boolean =>
  parts.reduce((sum, part) => sum + (part.kind === "diagonal" ? 1 : part.copies.length), 0) <
  unionOf(parts).length;

/** What the op makes of a sum, part by part. */
export const appliedApart = (to: Application, { parts }: Mix): Representation =>
  parts
    .map((part): Representation => applied(to, part))
    .reduce((sum, part) => plus(to.graph, sum, part));
