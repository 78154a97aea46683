import { constantOf } from "../../graph.ts";
import type { Node, NodeOf } from "../../node.ts";
import { expand, rebuild, reshape } from "../../ops/index.ts";
import { lifted, type Rule, type Rules, withOperand } from "../rule.ts";

type Broadcasting = "Neg" | "Mul" | "Div" | "Where";

/** An op of broadcast operands, linear in those at some places: result axes are operand axes, counted from the end. */
const broadcasting = <O extends Broadcasting>(linear: Rule<O>["linear"]): Rule<O> => ({
  linear,
  // No marked axis is ever broadcast: it is as long as it has tasks, two at least.
  mark: (node, place, mark) => ({ ...mark, axis: mark.axis + rankGain(node, place) }),
  stacked: (graph, node, place, value) => {
    const copies = reshape(graph, value, lifted(value.shape, node.shape.length));
    return rebuild(graph, node as Node, withOperand(node as Node, place, copies));
  },
});

export const elementwiseRules: Rules = {
  Neg: { ...broadcasting<"Neg">(() => true), apart: true },
  Mul: broadcasting<"Mul">(() => true),
  Div: broadcasting<"Div">((_, place) => place === 0),
  // What is not chosen must be 0: a Where that joins two dependent values is split in two before it gets here.
  Where: broadcasting<"Where">(
    (node, place) => place > 0 && constantOf(node.inputs[3 - place]) === 0,
  ),
  Expand: {
    linear: () => true,
    mark: (node, place, mark) => ({ ...mark, axis: mark.axis + rankGain(node, place) }),
    stacked: (graph, node, _, value) => {
      const copies = reshape(graph, value, lifted(value.shape, node.shape.length));
      return expand(graph, copies, [value.shape[0], ...node.shape]);
    },
  },
};

const rankGain = (node: NodeOf<Broadcasting | "Expand">, place: number): number =>
  node.shape.length - node.inputs[place].shape.length;
