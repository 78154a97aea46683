import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { concat } from "../ops/index.ts";
import { markAlong, NOBODY } from "./mark.ts";
import { type Diagonal, diagonalOf, type Rows, type Zero } from "./representation.ts";

/**
 * Rows that are non-zero on different stretches of one axis are a diagonal along it: what the gradient of slicing a value
 * task by task looks like. Undefined for other rows.
 */
export function disjointRows(
  graph: Graph,
  { copies, values }: Rows,
): Zero | Rows | Diagonal | undefined {
  const stretches = values.flatMap((value, i) => stretchOf(value, copies[i]) ?? []);
  if (stretches.length < values.length) return undefined;
  stretches.sort((a, b) => a.start - b.start);
  const [{ axis }] = stretches;
  const [{ shape }] = values;
  const tasks: number[] = [];
  const pieces: Node[] = [];
  const put = (piece: Node, task: number): void => {
    pieces.push(piece);
    for (let i = 0; i < piece.shape[axis]; i++) tasks.push(task);
  };
  const zerosTo = (place: number): void => {
    const gap = shape.map((size, i) => (i === axis ? place - tasks.length : size));
    if (place > tasks.length) put(graph.constant(0, gap), NOBODY);
  };
  for (const stretch of stretches) {
    if (stretch.axis !== axis || stretch.start < tasks.length) return undefined;
    zerosTo(stretch.start);
    put(stretch.value, stretch.task);
  }
  zerosTo(shape[axis]);
  return diagonalOf(markAlong(axis, tasks), concat(graph, pieces, axis));
}

/** A row's values that are not zeros around them: from index `start` along an axis. */
interface Stretch {
  readonly value: Node;
  readonly task: number;
  readonly axis: number;
  readonly start: number;
}

function stretchOf(row: Node, task: number): Stretch | undefined {
  if (row.op !== "Pad" || row.attributes.value !== 0) return undefined;
  const { before, after } = row.attributes;
  const [axis, ...others] = before.flatMap((amount, i) => (amount + after[i] > 0 ? [i] : []));
  return others.length > 0 ? undefined : { value: row.inputs[0], task, axis, start: before[axis] };
}
