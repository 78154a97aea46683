import type { Graph } from "../graph.ts";
import type { Rows } from "../jacobian/vectorise.ts";
import type { Node } from "../node.ts";
import { concat, gramian, slice, transpose } from "../ops/index.ts";

/** All rows of a block; a task whose gradient was found to be 0 gets a row of zeros. */
export function blockOf(
  graph: Graph,
  { copies, value }: Rows,
  owners: readonly number[],
): Node | undefined {
  if (copies.length === 0) return undefined;
  if (copies.length === owners.length) return value;
  const [, ...shape] = value.shape;
  const found = copies.map((copy, i) => [copy, i] as const);
  const rowAt = new Map(found);
  return concat(
    graph,
    owners.map((owner) => {
      const i = rowAt.get(owner);
      return i === undefined
        ? graph.constant(0, [1, ...shape])
        : slice(graph, value, [i, ...shape.map(() => 0)], [1, ...shape]);
    }),
    0,
  );
}

/** The inner products of a block's rows; 0 where one of them is. */
export function gramianOf(
  graph: Graph,
  { copies, value }: Rows,
  owners: readonly number[],
): Node | undefined {
  if (copies.length === 0) return undefined;
  const some = blockOf(graph, { copies, value: gramian(graph, value, 0) }, owners);
  return some && blockOf(graph, { copies, value: transpose(graph, some, [1, 0]) }, owners);
}
