import { ancestors, type Graph, type Node } from "@polytask/graph";

/** Nodes of another graph as nodes of this one, with those in their place that `replaced` gives. */
export function transplant(
  to: Graph,
  outputs: readonly Node[],
  replaced: (node: Node) => Node | undefined,
): readonly Node[] {
  const made = new Map<Node, Node>();
  for (const node of ancestors(outputs)) {
    const { op, attributes, shape, dtype } = node;
    const inputs = node.inputs.map((input) => made.get(input) as Node);
    made.set(node, replaced(node) ?? to.emit(op, inputs, attributes, shape, dtype));
  }
  return outputs.map((node) => made.get(node) as Node);
}
