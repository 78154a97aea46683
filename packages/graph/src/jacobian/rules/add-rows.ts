import type { Graph } from "../../graph.ts";
import type { Node } from "../../node.ts";
import { add } from "../../ops/index.ts";
import { NOBODY, type Run } from "../mark.ts";
import { type Rows, rowsOf, type Zero } from "../representation.ts";

/** One row per task: the sum of what its runs come to. */
export function addedRows(
  graph: Graph,
  runs: readonly Run[],
  valueOf: (run: Run) => Node,
): Zero | Rows {
  const totals = new Map<number, Node>();
  for (const run of runs) {
    if (run.task === NOBODY) continue;
    const value = valueOf(run);
    const before = totals.get(run.task);
    totals.set(run.task, before ? add(graph, before, value) : value);
  }
  const rows = [...totals].sort(([a], [b]) => a - b);
  return rowsOf(
    rows.map(([task]) => task),
    rows.map(([, value]) => value),
  );
}
