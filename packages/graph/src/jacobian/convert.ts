import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { add, mul, pad, reshape, slice, stack } from "../ops/index.ts";
import { NOBODY, sameTasks } from "./mark.ts";
import type { Diagonal, Part, Stack } from "./representation.ts";

/** The copies of a part that are not 0, ascending. */
function copiesOf(part: Part): readonly number[] {
  if (part.kind !== "diagonal") return part.copies;
  return [...new Set(part.mark.order)].filter((task) => task !== NOBODY).sort((a, b) => a - b);
}

/** The copies of which some part holds something. */
export const unionOf = (parts: readonly Part[]): readonly number[] =>
  [...new Set(parts.flatMap(copiesOf))].sort((a, b) => a - b);

/** One value [copies, ...s] of any part. */
export function stacked(graph: Graph, part: Part): Stack {
  switch (part.kind) {
    case "stack":
      return part;
    case "rows":
      return { kind: "stack", copies: part.copies, value: stack(graph, part.values, 0) };
    case "diagonal":
      return { kind: "stack", copies: copiesOf(part), value: masked(graph, part) };
  }
}

/** The same with a zero for every copy that the part lacks. */
export function stackedOver(graph: Graph, part: Part, copies: readonly number[]): Node {
  const { copies: own, value } = stacked(graph, part);
  if (sameTasks(own, copies)) return value;
  const rest = value.shape.slice(1);
  const first = copies.indexOf(own[0]);
  if (sameTasks(copies.slice(first, first + own.length), own)) {
    const none = rest.map(() => 0);
    const after = copies.length - first - own.length;
    return pad(graph, value, [first, ...none], [after, ...none]);
  }
  const rows = copies.map((copy) => {
    const place = own.indexOf(copy);
    return place < 0 ? graph.constant(0, rest) : row(graph, value, place);
  });
  return stack(graph, rows, 0);
}

/** The sum of parts, as one stack over the copies of all of them. */
export function added(graph: Graph, parts: readonly Part[]): Stack {
  const copies = unionOf(parts);
  const values = parts.map((part) => stackedOver(graph, part, copies));
  return { kind: "stack", copies, value: values.reduce((sum, value) => add(graph, sum, value)) };
}

/** What a stack holds of one copy. */
export const row = (graph: Graph, value: Node, place: number): Node =>
  reshape(
    graph,
    slice(
      graph,
      value,
      value.shape.map((_, i) => (i === 0 ? place : 0)),
      value.shape.map((size, i) => (i === 0 ? 1 : size)),
    ),
    value.shape.slice(1),
  );

/** A diagonal as one value per task, by a mask of zeros and ones. */
function masked(graph: Graph, part: Diagonal): Node {
  const { mark, value } = part;
  const { axis, block, order } = mark;
  const { shape } = value;
  const copies = copiesOf(part);
  const [before, after] = [shape.slice(0, axis), shape.slice(axis + 1)];
  const repeats = shape[axis] / (block * order.length);
  const apart = reshape(graph, value, [1, ...before, repeats, order.length, block, ...after]);
  const mask = graph.literal(
    copies.flatMap((copy) => order.map((task) => Number(task === copy))),
    [copies.length, ...before.map(() => 1), 1, order.length, 1, ...after.map(() => 1)],
  );
  return reshape(graph, mul(graph, mask, apart), [copies.length, ...shape]);
}
