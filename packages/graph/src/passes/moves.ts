import { ancestors, type Graph } from "../graph.ts";
import { type Node, sizeOf } from "../node.ts";
import { estimate, onlyTurned } from "./cost.ts";
import { sunk } from "./sinking.ts";

/**
 * Computes on values before their axes are moved, where that makes what has to be moved smaller: a sum, a product with a
 * narrow matrix. One Transpose after the other, as long as the whole becomes cheaper by estimate.
 */
export function sinkMoves(
  graph: Graph,
  outputs: readonly Node[],
  worth: number = WORTH,
): readonly Node[] {
  let best = outputs;
  let least = estimate(outputs);
  const tried = new Set<Node>();
  for (;;) {
    const move = largestMove(best, tried, worth);
    if (!move) return best;
    tried.add(move);
    const next = sunk(graph, best, move);
    const cost = estimate(next);
    if (cost >= least) continue;
    best = next;
    least = cost;
  }
}

/** By default, moves of fewer numbers are not worth the search. */
const WORTH = 16_384;

function largestMove(
  outputs: readonly Node[],
  tried: ReadonlySet<Node>,
  worth: number,
): Node | undefined {
  const live = ancestors(outputs);
  const turned = onlyTurned(live, outputs);
  let largest: Node | undefined;
  for (const node of live) {
    if (node.op !== "Transpose" || tried.has(node) || turned.has(node)) continue;
    const size = sizeOf(node.shape);
    if (size >= worth && size > sizeOf(largest?.shape ?? [0])) largest = node;
  }
  return largest;
}
