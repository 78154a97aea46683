import type { Graph } from "../graph.ts";
import { type Node, sameShape } from "../node.ts";
import { concat, pad } from "../ops/index.ts";

/** Σ of all terms of a tree of Adds that have no other use. */
export interface Sum {
  readonly root: Node;
  readonly terms: readonly Node[];
  /** All Adds of the tree, the root's included. */
  readonly adds: readonly Node[];
}

/** The sums among nodes, by their roots. */
export function sumsOf(
  live: readonly Node[],
  usesOf: (node: Node) => readonly Node[],
): ReadonlyMap<Node, Sum> {
  const found = new Map<Node, Sum>();
  for (const root of live) {
    if (root.op !== "Add" || absorbed(root, usesOf)) continue;
    const terms: Node[] = [];
    const adds = [root];
    const open = [...root.inputs].reverse();
    for (let term = open.pop(); term; term = open.pop()) {
      if (term.op === "Add" && sameShape(term.shape, root.shape) && absorbed(term, usesOf)) {
        adds.push(term);
        open.push(...[...term.inputs].reverse());
      } else terms.push(term);
    }
    found.set(root, { root, terms, adds });
  }
  return found;
}

/** Whether an Add is only a step of a larger sum. */
function absorbed(node: Node, usesOf: (node: Node) => readonly Node[]): boolean {
  const uses = usesOf(node);
  return uses.length === 1 && uses[0].op === "Add" && sameShape(uses[0].shape, node.shape);
}

/**
 * Pieces of one shape padded with zeros to different places of one axis, added up, are the pieces put one after another:
 * the gradient of code that takes slices. Undefined where a term is no such piece or places overlap.
 */
export function joinPads(graph: Graph, terms: readonly Node[]): Node | undefined {
  const [{ shape, dtype }] = terms;
  const axis = terms[0].op === "Pad" ? axisOf(terms[0]) : undefined;
  if (axis === undefined) return undefined;
  const placed: { readonly from: number; readonly piece: Node }[] = [];
  for (const term of terms) {
    if (term.op !== "Pad" || axisOf(term) !== axis || !sameShape(term.shape, shape))
      return undefined;
    placed.push({ from: term.attributes.before[axis], piece: term.inputs[0] });
  }
  placed.sort((a, b) => a.from - b.from);
  const parts: Node[] = [];
  let at = placed[0].from;
  for (const { from, piece } of placed) {
    if (from < at) return undefined;
    if (from > at) {
      const gap = shape.map((size, i) => (i === axis ? from - at : size));
      parts.push(graph.constant(0, gap, dtype));
    }
    parts.push(piece);
    at = from + piece.shape[axis];
  }
  const before = shape.map((_, i) => (i === axis ? placed[0].from : 0));
  const after = shape.map((size, i) => (i === axis ? size - at : 0));
  return pad(graph, concat(graph, parts, axis), before, after);
}

/** The one axis along which a Pad adds zeros. */
function axisOf(pad: Node): number | undefined {
  if (pad.op !== "Pad" || pad.attributes.value !== 0) return undefined;
  const { before, after } = pad.attributes;
  const axes = before.flatMap((amount, i) => (amount + after[i] > 0 ? [i] : []));
  return axes.length === 1 ? axes[0] : undefined;
}
