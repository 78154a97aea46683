import type { Graph } from "../graph.ts";
import { type Node, type NodeOf, sameShape } from "../node.ts";
import { concat, expand, reshape, slice, stack, transpose } from "../ops/index.ts";
import { markAlong, NOBODY } from "./mark.ts";
import { type Diagonal, diagonalOf, type Rows, type Zero } from "./representation.ts";

/** Rows [n, ...s] as one value, if possible without a copy. */
export function joinedRows(graph: Graph, values: readonly Node[]): Node {
  const [first] = values;
  if (values.every((value) => value === first)) {
    const one = reshape(graph, first, [1, ...first.shape]);
    return expand(graph, one, [values.length, ...first.shape]);
  }
  return unsliced(graph, values) ?? stack(graph, values, 0);
}

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
      sameShape(piece.shape, first.shape) &&
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
