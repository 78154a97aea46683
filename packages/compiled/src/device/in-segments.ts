import { type Graph, type Node, ops, type Target } from "@polytask/graph";
import { resolve } from "./resolve.ts";
import type { Store } from "./store.ts";

/**
 * Results in the shapes of their segments, and all that is read of memories in segments read from these: what a loader of
 * programs on a store hands out. `change` rewrites graphs for the device before.
 */
export function inSegments(
  graph: Graph,
  targets: readonly Target[],
  store: Store,
  change: (graph: Graph, outputs: readonly Node[]) => readonly Node[] = (_, outputs) => outputs,
): readonly Target[] {
  const shaped = targets.map(({ node, space }) => {
    const segment = store.find(space);
    return segment ? ops.reshape(graph, node, segment.shape) : node;
  });
  const nodes = resolve(graph, change(graph, shaped), store.of);
  return targets.map((target, i) => ({ ...target, node: nodes[i] }));
}
