import type { Node } from "../node.ts";

/** Which nodes take a node as an operand; each once. */
export function usesOf(live: readonly Node[]): (node: Node) => readonly Node[] {
  const uses = new Map<Node, Node[]>();
  for (const node of live) {
    for (const input of new Set(node.inputs)) {
      const list = uses.get(input);
      if (list) list.push(node);
      else uses.set(input, [node]);
    }
  }
  return (node) => uses.get(node) ?? [];
}
