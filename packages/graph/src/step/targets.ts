import type { Graph } from "../graph.ts";
import { type Node, sizeOf } from "../node.ts";
import { concat, reshape } from "../ops/index.ts";

/** A value of a graph and where in the step's memories it goes: elements `at` … of `space`. */
export interface Target {
  readonly node: Node;
  readonly space: string;
  readonly at: number;
}

/** Up to so many numbers a value is copied next to its neighbour rather than handed out by itself. */
const SMALL = 16_384;

/**
 * Neighbours as one value, so that passes see what belongs together: the gradients of all tasks' towers, say, of which
 * stacked code makes one value.
 */
export function joinTargets(graph: Graph, targets: readonly Target[]): readonly Target[] {
  return neighbours(targets).map((run) => ({
    ...run[0],
    node: concat(
      graph,
      run.map(({ node }) => flat(graph, node)),
      0,
    ),
  }));
}

/** The other way round, after the passes: what is still put together from large pieces is handed out in pieces. */
export function splitTargets(graph: Graph, targets: readonly Target[]): readonly Target[] {
  return targets.flatMap(({ node, space, at }) => {
    const inner = node.op === "Reshape" && node.inputs[0].op === "Concat" ? node.inputs[0] : node;
    if (inner.op !== "Concat" || inner.attributes.axis !== 0) {
      return [{ node: bare(node), space, at }];
    }
    const pieces: Target[] = [];
    let from = at;
    for (const part of inner.inputs) {
      pieces.push({ node: part, space, at: from });
      from += sizeOf(part.shape);
    }
    const isSmall = ({ node: piece }: Target): boolean => sizeOf(piece.shape) <= SMALL;
    return stretches(pieces, (a, b) => isSmall(a) && isSmall(b)).flatMap((run) =>
      joinTargets(graph, run).map((target) => ({ ...target, node: bare(target.node) })),
    );
  });
}

/** The same numbers before a Reshape: at the end of a graph, a runtime makes a copy of one. */
const bare = (node: Node): Node => (node.op === "Reshape" ? bare(node.inputs[0]) : node);

const flat = (graph: Graph, node: Node): Node => reshape(graph, node, [sizeOf(node.shape)]);

/** Stretches of targets that lie next to one another in one memory. */
function neighbours(targets: readonly Target[]): readonly (readonly Target[])[] {
  const sorted = [...targets].sort((a, b) =>
    a.space === b.space ? a.at - b.at : a.space < b.space ? -1 : 1,
  );
  return stretches(sorted, (a, b) => a.space === b.space && a.at + sizeOf(a.node.shape) === b.at);
}

function stretches<Item>(
  items: readonly Item[],
  together: (a: Item, b: Item) => boolean,
): readonly (readonly Item[])[] {
  const found: Item[][] = [];
  for (const item of items) {
    const last = found.at(-1);
    if (last && together(last[last.length - 1], item)) last.push(item);
    else found.push([item]);
  }
  return found;
}
