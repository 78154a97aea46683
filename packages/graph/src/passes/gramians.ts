import { ancestors, type Graph } from "../graph.ts";
import type { Diagnostic } from "../jacobian/diagnostic.ts";
import { type Node, type NodeOf, sizeOf } from "../node.ts";
import { add, gramian, rebuild } from "../ops/index.ts";
import { pieceOf, type Stretch } from "./pieces.ts";

/** A graph in which no Gramian has an operand larger than was asked for. */
export interface Cut {
  readonly outputs: readonly Node[];
  /** Gramians for which that could not be. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Every Gramian of more than `limit` numbers as a sum over pieces of their columns, each computed when it is needed: V·Vᵀ
 * is Σ V_i·V_iᵀ, and V is never held. After the other passes, which would put pieces together again.
 */
export function cutGramians(graph: Graph, outputs: readonly Node[], limit: number): Cut {
  const isLarge = (node: Node): node is NodeOf<"Gramian"> & Node =>
    node.op === "Gramian" && sizeOf(node.inputs[0].shape) > limit;
  const needed = neededBeside(outputs, isLarge);
  const there = (node: Node): boolean => needed.has(node);
  const diagnostics: Diagnostic[] = [];

  const inPieces = (value: Node, rows: number, [side, ...inner]: readonly Side[]): Node => {
    if (!side) return gramian(graph, value, rows);
    return stretchesOf(value, side)
      .map((stretch) => inPieces(pieceOf(graph, value, stretch, there).node, rows, inner))
      .reduce((sum, part) => add(graph, sum, part));
  };
  const spelled = (value: Node, rows: number): Node => {
    // What is there already takes no more room.
    const sides = there(value) ? [] : sidesOf(graph, value, { rows, limit, there });
    if (sizeOf(value.shape) > limit && !there(value) && pieceSize(value, sides) > limit) {
      const reason = "cannot be computed in pieces that are small enough";
      diagnostics.push({ kind: "whole", op: value.op, node: value, reason });
    }
    return inPieces(value, rows, sides);
  };

  const made = new Map<Node, Node>();
  for (const node of ancestors(outputs)) {
    const inputs = node.inputs.map((input) => made.get(input) ?? input);
    if (isLarge(node)) made.set(node, spelled(node.inputs[0], node.attributes.axis));
    else if (inputs.some((input, i) => input !== node.inputs[i])) {
      made.set(node, rebuild(graph, node, inputs));
    }
  }
  return { outputs: outputs.map((node) => made.get(node) ?? node), diagnostics };
}

/** What the outputs need apart from the operands of large Gramians. */
function neededBeside(
  outputs: readonly Node[],
  isLarge: (node: Node) => boolean,
): ReadonlySet<Node> {
  const found = new Set<Node>();
  const open = [...outputs];
  for (let node = open.pop(); node; node = open.pop()) {
    if (found.has(node)) continue;
    found.add(node);
    if (!isLarge(node)) open.push(...node.inputs);
  }
  return found;
}

/** How many indices of an axis a piece has. */
interface Side {
  readonly axis: number;
  readonly size: number;
}

/** An axis is cut where what its pieces need beside the graph, once for all, is at most this share of the value. */
const HELD = 3 / 4;

/**
 * The axes along which a value is cut, the outermost first, and how long pieces are: about as long along each, since
 * products of narrow matrices are slow. The outermost loop is the one that cuts the larger operands: pieces of these then
 * live no longer than its body.
 */
function sidesOf(
  graph: Graph,
  value: Node,
  wish: {
    readonly rows: number;
    readonly limit: number;
    readonly there: (node: Node) => boolean;
  },
): readonly Side[] {
  const { shape } = value;
  const { rows, limit, there } = wish;
  const ways = shape.flatMap((length, axis) => {
    if (axis === rows || length === 1) return [];
    const { read } = pieceOf(graph, value, { axis, from: 0, size: 1 }, there);
    const [all, held] = [[...read], [...read].filter((node) => !isThere(node, there))].map(total);
    return held <= HELD * sizeOf(shape) ? [{ axis, all }] : [];
  });
  const free = ways.map(({ axis }) => axis);
  let room = limit / sizeOf(shape.filter((_, axis) => !free.includes(axis)));
  const sizes = new Map<number, number>();
  free
    .toSorted((a, b) => shape[a] - shape[b])
    .forEach((axis, i) => {
      const most = Math.max(1, Math.min(shape[axis], room ** (1 / (free.length - i))));
      const size = evenly(shape[axis], most);
      sizes.set(axis, size);
      room /= size;
    });
  return ways
    .toSorted((a, b) => a.all - b.all)
    .map(({ axis }) => ({ axis, size: sizes.get(axis) ?? 1 }))
    .filter(({ axis, size }) => size < shape[axis]);
}

const isThere = (node: Node, there: (node: Node) => boolean): boolean =>
  node.inputs.length === 0 || there(node);

const total = (nodes: readonly Node[]): number =>
  nodes.reduce((sum, { shape }) => sum + sizeOf(shape), 0);

/** Products are fastest where sides are multiples of this. */
const STEP = 16;

/** At most so many indices, in as few pieces as can be, all about as long. */
function evenly(length: number, most: number): number {
  const whole = most >= 2 * STEP ? most - (most % STEP) : Math.floor(most);
  const even = Math.ceil(length / Math.ceil(length / whole));
  return Math.min(whole, most >= 2 * STEP ? Math.ceil(even / STEP) * STEP : even);
}

const pieceSize = ({ shape }: Node, sides: readonly Side[]): number =>
  sides.reduce((size, { axis, size: own }) => (size / shape[axis]) * own, sizeOf(shape));

const stretchesOf = ({ shape }: Node, { axis, size }: Side): readonly Stretch[] =>
  Array.from({ length: Math.ceil(shape[axis] / size) }, (_, i) => ({
    axis,
    from: i * size,
    size: Math.min(size, shape[axis] - i * size),
  }));
