import type { Graph } from "../graph.ts";
import type { Node, NodeOf, Shape } from "../node.ts";
import { add, concat, expand, mul, pad, reshape, slice, stack, transpose } from "../ops/index.ts";
import { markAlong, NOBODY, sameTasks } from "./mark.ts";
import {
  type Diagonal,
  diagonalOf,
  type Part,
  type Rows,
  type Stack,
  type Zero,
} from "./representation.ts";

/** The copies of a part that are not 0, ascending. */
export function copiesOf(part: Part): readonly number[] {
  if (part.kind !== "diagonal") return part.copies;
  return [...new Set(part.mark.order)].filter((task) => task !== NOBODY).sort((a, b) => a - b);
}

/** One value [copies, ...s] of any part. */
export function stacked(graph: Graph, part: Part): Stack {
  switch (part.kind) {
    case "stack":
      return part;
    case "rows":
      return { kind: "stack", copies: part.copies, value: stackedRows(graph, part.values) };
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
  const copies = [...new Set(parts.flatMap(copiesOf))].sort((a, b) => a - b);
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

/**
 * Rows that are non-zero on different stretches of one axis are a diagonal along it: what the gradient of slicing a value
 * task by task looks like.
 */
export function disjointRows(graph: Graph, rows: Rows): Zero | Rows | Diagonal | undefined {
  const pads = rows.values.map(onePad);
  const [first] = pads;
  if (!first) return undefined;
  const { axis } = first;
  const { shape } = rows.values[0];
  const order = pads
    .map((pad, i) => ({ pad, task: rows.copies[i] }))
    .sort((a, b) => (a.pad?.start ?? 0) - (b.pad?.start ?? 0));
  const tasks: number[] = [];
  const pieces: Node[] = [];
  const skipTo = (place: number): void => {
    if (place === tasks.length) return;
    const gap = shape.map((size, i) => (i === axis ? place - tasks.length : size));
    pieces.push(graph.constant(0, gap));
    while (tasks.length < place) tasks.push(NOBODY);
  };
  for (const { pad, task } of order) {
    if (pad?.axis !== axis || pad.start < tasks.length) return undefined;
    skipTo(pad.start);
    pieces.push(pad.inner);
    for (let i = 0; i < pad.inner.shape[axis]; i++) tasks.push(task);
  }
  skipTo(shape[axis]);
  return diagonalOf(markAlong(axis, tasks), concat(graph, pieces, axis));
}

interface OnePad {
  readonly inner: Node;
  readonly axis: number;
  readonly start: number;
}

/** A value with zeros around it along one axis alone. */
function onePad(node: Node): OnePad | undefined {
  if (node.op !== "Pad" || node.attributes.value !== 0) return undefined;
  const { before, after } = node.attributes;
  const padded = before.flatMap((amount, i) => (amount !== 0 || after[i] !== 0 ? [i] : []));
  if (padded.length !== 1) return undefined;
  return { inner: node.inputs[0], axis: padded[0], start: before[padded[0]] };
}

function stackedRows(graph: Graph, values: readonly Node[]): Node {
  const [first] = values;
  if (values.every((value) => value === first)) {
    const one = reshape(graph, first, [1, ...first.shape]);
    return expand(graph, one, [values.length, ...first.shape]);
  }
  return unsliced(graph, values) ?? stack(graph, values, 0);
}

/** Values that are the slices of one value, one after another along an axis, are that value with the axis in front. */
function unsliced(graph: Graph, values: readonly Node[]): Node | undefined {
  const slices = values.map((value) => (value.op === "Reshape" ? value.inputs[0] : value));
  const [first] = slices;
  if (!isSlice(first)) return undefined;
  const [whole] = first.inputs;
  const { starts } = first.attributes;
  const next = slices[1];
  if (!isSlice(next)) return undefined;
  const axis = starts.findIndex((start, i) => start !== next.attributes.starts[i]);
  const length = first.shape[axis];
  const follow = slices.every(
    (piece, k) =>
      isSlice(piece) &&
      piece.inputs[0] === whole &&
      sameTasks(piece.shape, first.shape) &&
      piece.attributes.starts.every((at, i) => at === starts[i] + (i === axis ? k * length : 0)),
  );
  if (axis < 0 || !follow) return undefined;
  const shape = first.shape.map((size, i) => (i === axis ? size * values.length : size));
  const all = slice(graph, whole, starts, shape);
  const apart = [...shape.slice(0, axis), values.length, length, ...shape.slice(axis + 1)];
  const perm = [axis, ...apart.map((_, i) => i).filter((i) => i !== axis)];
  const front = transpose(graph, reshape(graph, all, apart), perm);
  return reshape(graph, front, [values.length, ...values[0].shape]);
}

const isSlice = (node: Node): node is NodeOf<"Slice"> & Node =>
  node.op === "Slice" && node.attributes.steps.every((step) => step === 1);

/** A diagonal as one value per task, by a mask of zeros and ones. */
function masked(graph: Graph, part: Diagonal): Node {
  const { mark, value } = part;
  const { axis, block, order } = mark;
  const { shape } = value;
  const copies = copiesOf(part);
  const repeats = shape[axis] / (block * order.length);
  const apart: Shape = [
    ...shape.slice(0, axis),
    repeats,
    order.length,
    block,
    ...shape.slice(axis + 1),
  ];
  const mask = graph.literal(
    copies.flatMap((copy) => order.map((task) => Number(task === copy))),
    [copies.length, order.length, ...new Array<number>(apart.length - axis - 2).fill(1)],
  );
  const spread = reshape(graph, mask, [
    copies.length,
    ...apart.map((_, i) => (i === axis + 1 ? order.length : 1)),
  ]);
  return reshape(graph, mul(graph, spread, reshape(graph, value, [1, ...apart])), [
    copies.length,
    ...shape,
  ]);
}
