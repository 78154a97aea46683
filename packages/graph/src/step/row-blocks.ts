import type { Graph } from "../graph.ts";
import { type Backward, vectorise } from "../jacobian/vectorise.ts";
import type { Node } from "../node.ts";
import { blockOf } from "./kept.ts";
import type { Layout } from "./layout.ts";

/** The rows of J themselves, [rows, …parameter] block by block, where the layout keeps their inner products. */
export function rowBlocks(graph: Graph, layout: Layout, backward: Backward): readonly Node[] {
  const rows = vectorise(graph, backward);
  return layout.jacobian.map(
    ({ index, rows: owners, variable: { shape } }) =>
      blockOf(graph, rows.rows(index), owners) ?? graph.constant(0, [owners.length, ...shape]),
  );
}
