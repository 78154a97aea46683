import { ancestors, type Graph, type Node } from "@polytask/graph";

/**
 * The outputs with every node replaced that `replaced` gives another for; it is handed the node and its new operands. Nothing
 * is simplified: what passes have put in its cheapest form stays so.
 */
export function rewrite(
  graph: Graph,
  outputs: readonly Node[],
  replaced: (node: Node, inputs: readonly Node[]) => Node | undefined,
): readonly Node[] {
  const made = new Map<Node, Node>();
  for (const node of ancestors(outputs)) {
    const { op, attributes, shape, dtype } = node;
    const inputs = node.inputs.map((input) => made.get(input) as Node);
    const same = inputs.every((input, i) => input === node.inputs[i]);
    const next = replaced(node, inputs);
    made.set(node, next ?? (same ? node : graph.emit(op, inputs, attributes, shape, dtype)));
  }
  return outputs.map((node) => made.get(node) as Node);
}
