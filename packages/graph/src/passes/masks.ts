import { ancestors, type Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { rebuild, unary } from "../ops/index.ts";

/**
 * x > 0 read off relu(x) where that is computed anyway: x itself then has one reader, so that a runtime can make the sum, the
 * product before it and the ReLU one op, and need not keep it for the backward pass.
 */
export function readMasks(graph: Graph, outputs: readonly Node[]): readonly Node[] {
  const live = ancestors(outputs);
  const positive = new Map<Node, Node>();
  for (const node of live) if (node.op === "Relu") positive.set(node.inputs[0], node);
  const made = new Map<Node, Node>();
  const valueOf = (node: Node): Node => made.get(node) ?? node;
  for (const node of live) {
    const relu = node.op === "Step" ? positive.get(node.inputs[0]) : undefined;
    const inputs = node.inputs.map(valueOf);
    if (relu) made.set(node, unary(graph, "Step", rebuilt(relu, relu.inputs.map(valueOf))));
    else made.set(node, rebuilt(node, inputs));
  }
  return outputs.map(valueOf);

  function rebuilt(node: Node, inputs: readonly Node[]): Node {
    return inputs.every((input, i) => input === node.inputs[i])
      ? node
      : rebuild(graph, node, inputs);
  }
}
