import { ancestors, type Graph } from "../graph.ts";
import type { Diagnostic } from "../jacobian/diagnostic.ts";
import { type Node, type NodeOf, sizeOf } from "../node.ts";
import { add, gramian, rebuild } from "../ops/index.ts";
import { costAbove } from "./cost.ts";
import { type Piece, pieceOf } from "./pieces.ts";

/** Graph outputs in which no Gramian has an operand larger than was asked for. */
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
  const large = ancestors(outputs).filter(isLarge);
  if (large.length === 0) return { outputs, diagnostics: [] };
  const needed = neededBeside(outputs, isLarge);
  const there = (node: Node): boolean => needed.has(node);
  const diagnostics: Diagnostic[] = [];
  const inPieces = (value: Node, axis: number): Node => {
    if (sizeOf(value.shape) <= limit) return gramian(graph, value, axis);
    const way = cheapestCut(graph, value, { rows: axis, limit, needed });
    if (way === undefined) {
      diagnostics.push({
        kind: "whole",
        op: value.op,
        node: value,
        reason: "cannot be computed piece by piece",
      });
      return gramian(graph, value, axis);
    }
    return stretches(value.shape[way], lengthOf(value, way, limit))
      .map(([from, size]) => pieceOf(graph, value, { axis: way, from, size }, there).node)
      .map((piece) => inPieces(piece, axis))
      .reduce((sum, part) => add(graph, sum, part));
  };

  const made = new Map<Node, Node>();
  for (const node of ancestors(outputs)) {
    const inputs = node.inputs.map((input) => made.get(input) ?? input);
    if (isLarge(node)) made.set(node, inPieces(node.inputs[0], node.attributes.axis));
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

/** A piece that needs more than this share of the value at hand is not worth it. */
const HELD = 1 / 4;

/** Along which axis pieces cost least; undefined where all need nearly everything. */
function cheapestCut(
  graph: Graph,
  value: Node,
  wish: { readonly rows: number; readonly limit: number; readonly needed: ReadonlySet<Node> },
): number | undefined {
  const { rows, limit, needed } = wish;
  if (needed.has(value)) return undefined;
  let best: number | undefined;
  let least = Infinity;
  value.shape.forEach((length, axis) => {
    if (axis === rows || length === 1) return;
    const size = lengthOf(value, axis, limit);
    const piece = pieceOf(graph, value, { axis, from: 0, size }, (node) => needed.has(node));
    if (heldBy(piece) > HELD * sizeOf(value.shape)) return;
    const beside = new Set([...needed, ...piece.held]);
    const cost = costAbove(gramian(graph, piece.node, rows), beside) * Math.ceil(length / size);
    if (cost >= least) return;
    best = axis;
    least = cost;
  });
  return best;
}

const heldBy = ({ held }: Piece): number =>
  [...held].reduce((sum, { shape }) => sum + sizeOf(shape), 0);

/** How many indices of an axis a piece has: pieces of one length, but for the last. */
function lengthOf({ shape }: Node, axis: number, limit: number): number {
  const each = sizeOf(shape) / shape[axis];
  const most = Math.max(1, Math.floor(limit / each));
  return Math.ceil(shape[axis] / Math.ceil(shape[axis] / most));
}

const stretches = (length: number, size: number): (readonly [from: number, size: number])[] =>
  Array.from({ length: Math.ceil(length / size) }, (_, i) => [
    i * size,
    Math.min(size, length - i * size),
  ]);
