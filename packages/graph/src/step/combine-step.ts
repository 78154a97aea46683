import type { Graph } from "../graph.ts";
import { type Backward, weighted } from "../jacobian/vectorise.ts";
import type { Node } from "../node.ts";
import { expand } from "../ops/index.ts";
import type { Layout } from "./layout.ts";
import { SPACE } from "./spaces.ts";

/**
 * Σ_k ρ_k·∇L_k at the shared parameters, by a backward pass of its own instead of rows of J.
 *
 * `weighting` says for every block of the layout which row of the memory "mixing", [weightings, T], is its ρ; as many
 * backward passes as there are weightings. One gradient per block.
 */
export function combineStep(
  graph: Graph,
  layout: Layout,
  { weights, gradients, size }: Backward,
  weighting: readonly number[],
): readonly Node[] {
  const found = new Map<number, Node>();
  for (const place of new Set(weighting)) {
    const blocks = layout.jacobian.filter((_, i) => weighting[i] === place);
    const values = blocks.map(({ index }) => gradients[index]);
    const by = graph.view(SPACE.mixing, place * size, [size]);
    weighted(graph, values, weights, by).forEach((node, i) => {
      const { index, variable } = blocks[i];
      found.set(index, expand(graph, node, variable.shape));
    });
  }
  return layout.jacobian.map(({ index }) => found.get(index) as Node);
}
