import { type Node, type NodeOf, sizeOf } from "@polytask/graph";

export type View = NodeOf<"View">;

/** Pieces of one memory that follow one another, and all of them as one. */
export interface Neighbours {
  readonly whole: View;
  /** In the order of their places; one, or several that are small. */
  readonly pieces: readonly View[];
}

/** Up to so many numbers, a copy costs less than an input of its own: 2 to 4 µs a run. */
const SMALL = 2048;

/** What memory a view covers, whatever its shape. */
export const pieceOf = ({ attributes: { space, at }, shape, dtype }: View): string =>
  `${space}@${at}+${sizeOf(shape)} ${dtype}`;

/** The views among the nodes, every piece of memory once, small neighbours together: so many at most. */
export function neighbouringViews(nodes: readonly Node[], most: number): readonly Neighbours[] {
  const distinct = new Map<string, View>();
  for (const node of nodes) {
    if (node.op === "View" && !distinct.has(pieceOf(node))) distinct.set(pieceOf(node), node);
  }
  const runs: View[][] = [];
  for (const view of [...distinct.values()].sort(byPlace)) {
    const run = runs.at(-1);
    if (run && run.length < most && follows(run[run.length - 1], view)) run.push(view);
    else runs.push([view]);
  }
  return runs.map((pieces) => ({ whole: joined(pieces), pieces }));
}

function byPlace(a: View, b: View): number {
  const [p, q] = [a, b].map(({ attributes: { space }, dtype }) => `${space} ${dtype}`);
  return p === q ? a.attributes.at - b.attributes.at : p < q ? -1 : 1;
}

const follows = (a: View, b: View): boolean =>
  a.attributes.space === b.attributes.space &&
  a.dtype === b.dtype &&
  a.attributes.at + sizeOf(a.shape) === b.attributes.at &&
  sizeOf(a.shape) <= SMALL &&
  sizeOf(b.shape) <= SMALL;

function joined(pieces: readonly View[]): View {
  if (pieces.length === 1) return pieces[0];
  return { ...pieces[0], shape: [pieces.reduce((sum, { shape }) => sum + sizeOf(shape), 0)] };
}
