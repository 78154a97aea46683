import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { rebuild } from "../ops/index.ts";
import { pending } from "./pending.ts";
import { pieceAt, pieceOf } from "./seed.ts";

/** Values with other weights in place of w: both [T]. What does not depend on w stays the node it is. */
export function weighted(
  graph: Graph,
  values: readonly Node[],
  weights: Node,
  by: Node,
): readonly Node[] {
  return values.map(substitution(graph, weights, by));
}

/** `weighted` for values that are asked for one by one. */
export function substitution(graph: Graph, weights: Node, by: Node): (value: Node) => Node {
  const done = new Map<Node, Node>();
  const replaced = (node: Node): Node => {
    const piece = pieceOf(weights, node);
    if (piece) return pieceAt(graph, by, node.shape, piece.from);
    const inputs = node.inputs.map((input) => done.get(input) as Node);
    return inputs.every((input, i) => input === node.inputs[i])
      ? node
      : rebuild(graph, node, inputs);
  };
  return (value) => {
    for (const node of pending(value, (known) => done.has(known))) done.set(node, replaced(node));
    return done.get(value) as Node;
  };
}
