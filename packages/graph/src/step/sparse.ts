import { constantOf, type Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { scale } from "../ops/index.ts";

/** Rows added into a table that is 0 elsewhere: updates [n, …] at int32 ids [n]; ids may repeat. */
export interface RowUpdates {
  readonly ids: Node;
  readonly updates: Node;
}

/**
 * The gradient of an embedding table as the rows that were looked up; undefined where it has others (a penalty's, say).
 *
 * A table has a million rows of which a step sees some thousand: the whole gradient is never made.
 */
export function rowUpdatesOf(graph: Graph, gradient: Node): readonly RowUpdates[] | undefined {
  if (gradient.op === "ScatterAdd") {
    const [ids, updates] = gradient.inputs;
    return [{ ids, updates }];
  }
  if (gradient.op === "Add") {
    const [a, b] = gradient.inputs.map((input) => rowUpdatesOf(graph, input));
    return a && b ? [...a, ...b] : undefined;
  }
  if (gradient.op === "Mul") {
    const [a, b] = gradient.inputs;
    const [factor, rows] = constantOf(a) === undefined ? [constantOf(b), a] : [constantOf(a), b];
    if (factor === undefined) return undefined;
    return rowUpdatesOf(graph, rows)?.map(({ ids, updates }) => ({
      ids,
      updates: scale(graph, updates, factor),
    }));
  }
  return undefined;
}
