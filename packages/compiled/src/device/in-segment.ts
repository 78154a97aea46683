import { type Graph, type Layout, type Node, ops, type Target } from "@polytask/graph";
import type { Segment } from "./segments.ts";

/** Gradients by parameter as the one tensor of a segment; 0 where there is none. */
export function inSegment(
  graph: Graph,
  layout: Layout,
  { name, parameters }: Segment,
  gradients: readonly (Node | undefined)[],
): Target {
  const flat = parameters.map((i) => {
    const { size, variable } = layout.parameters[i];
    return ops.reshape(graph, gradients[i] ?? graph.constant(0, variable.shape), [size]);
  });
  return { node: ops.concat(graph, flat, 0), space: name, at: 0 };
}
