import type { Graph } from "../graph.ts";
import { ARITHMETIC, LOGIC, type Node, type Shape, sizeOf, UNARY } from "../node.ts";
import { concat, expand, rebuild, reshape, slice } from "../ops/index.ts";

/** Indices `from` … `from + size − 1` of one axis. */
export interface Stretch {
  readonly axis: number;
  readonly from: number;
  readonly size: number;
}

export interface Piece {
  readonly node: Node;
  /** What it reads whole. */
  readonly read: ReadonlySet<Node>;
}

/**
 * A piece of a value, computed from pieces of what the value is computed from, as far down as the ops allow: the rest of the
 * value is never made. `there` are nodes that the graph computes in any case: of these, and of what has no rule, a Slice.
 */
export function pieceOf(
  graph: Graph,
  value: Node,
  stretch: Stretch,
  there: (node: Node) => boolean,
): Piece {
  const read = new Set<Node>();
  const done = new Map<string, Node>();
  const whole = (node: Node): Node => {
    read.add(node);
    return node;
  };
  const cut: Cut = (node, axis, from, size) => {
    if (from === 0 && size === node.shape[axis]) return whole(node);
    const key = `${node.id} ${axis} ${from} ${size}`;
    const known = done.get(key);
    if (known) return known;
    const at = { axis, from, size };
    const made =
      node.inputs.length === 0 || there(node)
        ? sliced(graph, node, at)
        : (through(graph, node, at, cut, whole) ?? sliced(graph, whole(node), at));
    done.set(key, made);
    return made;
  };
  return { node: cut(value, stretch.axis, stretch.from, stretch.size), read };
}

type Cut = (node: Node, axis: number, from: number, size: number) => Node;
type Whole = (node: Node) => Node;

const ELEMENTWISE: ReadonlySet<string> = new Set([
  ...UNARY,
  ...ARITHMETIC,
  ...LOGIC,
  "Where",
  "Cast",
]);

const sliced = (graph: Graph, node: Node, { axis, from, size }: Stretch): Node =>
  slice(
    graph,
    node,
    node.shape.map((_, i) => (i === axis ? from : 0)),
    resized(node.shape, axis, size),
  );

const resized = (shape: Shape, axis: number, size: number): Shape =>
  shape.map((own, i) => (i === axis ? size : own));

/** The piece as the op on pieces of its operands; undefined where it is none. */
function through(
  graph: Graph,
  node: Node,
  { axis, from, size }: Stretch,
  cut: Cut,
  whole: Whole,
): Node | undefined {
  const [a, b] = node.inputs;
  const rank = node.shape.length;
  /** An operand that lines up with the result from its last axis on. */
  const aligned = (operand: Node): Node => {
    const own = axis - rank + operand.shape.length;
    return own < 0 || operand.shape[own] === 1 ? whole(operand) : cut(operand, own, from, size);
  };
  const same = (...operands: Node[]): Node => rebuild(graph, node, operands);
  if (ELEMENTWISE.has(node.op)) return same(...node.inputs.map(aligned));

  switch (node.op) {
    case "Reshape":
      return throughReshape(graph, node.shape, a, { axis, from, size }, cut);
    case "Transpose":
      return same(cut(a, node.attributes.perm[axis], from, size));
    case "Expand":
      return expand(graph, aligned(a), resized(node.shape, axis, size));
    case "Slice": {
      const { starts, steps } = node.attributes;
      if (steps[axis] !== 1) return undefined;
      const rest = starts.map((start, i) => (i === axis ? 0 : start));
      const within = cut(a, axis, starts[axis] + from, size);
      return slice(graph, within, rest, resized(node.shape, axis, size), steps);
    }
    case "Concat":
      return node.attributes.axis === axis
        ? throughConcat(graph, node.inputs, { axis, from, size }, cut)
        : same(...node.inputs.map((part) => cut(part, axis, from, size)));
    case "Pad": {
      const { before, after } = node.attributes;
      return before[axis] + after[axis] === 0 ? same(cut(a, axis, from, size)) : undefined;
    }
    case "MatMul":
      if (axis === rank - 2) return same(cut(a, a.shape.length - 2, from, size), whole(b));
      if (axis === rank - 1) return same(whole(a), cut(b, b.shape.length - 1, from, size));
      return same(aligned(a), aligned(b));
    case "ReduceSum":
    case "ReduceMax":
    case "ReduceMin":
    case "ReduceProd": {
      const kept = a.shape.flatMap((_, i) => (node.attributes.axes.includes(i) ? [] : [i]));
      return same(cut(a, kept[axis], from, size));
    }
    case "Softmax":
    case "LogSoftmax":
      return axis === rank - 1 ? undefined : same(cut(a, axis, from, size));
    case "CumSum":
      return axis === node.attributes.axis ? undefined : same(cut(a, axis, from, size));
    case "Gather": {
      const behind = node.attributes.axis + b.shape.length;
      if (axis < node.attributes.axis) return same(cut(a, axis, from, size), whole(b));
      if (axis >= behind) return same(cut(a, axis - b.shape.length + 1, from, size), whole(b));
      return same(whole(a), cut(b, axis - node.attributes.axis, from, size));
    }
    case "ScatterAdd":
      return axis === 0 ? undefined : same(whole(a), cut(b, axis, from, size));
    case "Conv":
    case "ConvTranspose":
      if (axis === 0) return same(cut(a, 0, from, size), whole(b));
      if (axis > 1 || node.attributes.groups !== 1) return undefined;
      return same(whole(a), cut(b, node.op === "Conv" ? 0 : 1, from, size));
    case "MaxPool":
    case "AveragePool":
      return axis > 1 ? undefined : same(cut(a, axis, from, size));
    default:
      return undefined;
  }
}

/**
 * Of the axis below that has the same axes before it: what makes up whole indices of it is a stretch of it; the rest, at
 * the ends, lies within one index each.
 */
function throughReshape(
  graph: Graph,
  shape: Shape,
  below: Node,
  { axis, from, size }: Stretch,
  cut: Cut,
): Node | undefined {
  const before = sizeOf(shape.slice(0, axis));
  const own = below.shape.findIndex(
    (length, i) => length > 1 && sizeOf(below.shape.slice(0, i)) === before,
  );
  if (own < 0) return undefined;
  const [each, behind] = [sizeOf(shape.slice(axis + 1)), sizeOf(below.shape.slice(own + 1))];
  const whole = (start: number, length: number): Node =>
    reshape(
      graph,
      cut(below, own, (start * each) / behind, (length * each) / behind),
      resized(shape, axis, length),
    );
  if (each % behind === 0) return whole(from, size);
  if (behind % each !== 0) return undefined;

  const wide = behind / each;
  const parts: (Node | undefined)[] = [];
  for (let at = from; at < from + size;) {
    const index = Math.floor(at / wide);
    const rest = from + size - at;
    const length =
      at % wide === 0 && rest >= wide
        ? rest - (rest % wide)
        : Math.min(rest, (index + 1) * wide - at);
    if (length % wide === 0) parts.push(whole(at, length));
    else {
      const stretch = { axis, from: at - index * wide, size: length };
      const within = cut(below, own, index, 1);
      parts.push(throughReshape(graph, resized(shape, axis, wide), within, stretch, cut));
    }
    at += length;
  }
  const found = parts.filter((part) => part !== undefined);
  return found.length < parts.length ? undefined : concat(graph, found, axis);
}

function throughConcat(
  graph: Graph,
  parts: readonly Node[],
  { axis, from, size }: Stretch,
  cut: Cut,
): Node {
  let at = 0;
  const pieces = parts.flatMap((part) => {
    const length = part.shape[axis];
    const [first, last] = [Math.max(from - at, 0), Math.min(from + size - at, length)];
    at += length;
    return first < last ? [cut(part, axis, first, last - first)] : [];
  });
  return concat(graph, pieces, axis);
}
