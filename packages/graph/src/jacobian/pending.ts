import type { Node } from "../node.ts";

/** What a node depends on and is not yet done, itself included: operands first. */
export function pending(node: Node, isDone: (node: Node) => boolean): readonly Node[] {
  const seen = new Set<Node>();
  const stack = [node];
  for (let next = stack.pop(); next; next = stack.pop()) {
    if (seen.has(next) || isDone(next)) continue;
    seen.add(next);
    stack.push(...next.inputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}
