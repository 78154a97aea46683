import { constantOf } from "../graph.ts";
import { type Node, sizeOf } from "../node.ts";
import { INPUT, NODE, NUMBER } from "./cost.ts";
import { pieceOf } from "./lanes.ts";
import type { Pack } from "./packs.ts";

/** How the nodes of a graph are used. */
export interface Uses {
  /** Nodes that take this one as an operand. */
  readonly of: (node: Node) => readonly Node[];
  /** Whether a use reads all lanes of a pack as they lie: a Concat, a sum, an output. */
  readonly takesLanes: (use: Node) => boolean;
}

/**
 * The packs that are worth it: what an op on all lanes saves, against the copies that bring operands together and take
 * results apart. First single packs are given up as long as that is cheaper, then connected ones together.
 */
export function worthwhile(packs: readonly Pack[], uses: Uses): readonly Pack[] {
  const home = new Map<Node, Home>();
  for (const pack of packs) pack.members.forEach((node, lane) => home.set(node, { pack, lane }));
  const kept = new Set(packs);
  const homeOf = (node: Node): Home | undefined => {
    const found = home.get(node);
    return found && kept.has(found.pack) ? found : undefined;
  };
  const cost = (pack: Pack): number => (kept.has(pack) ? costOfPack(pack, homeOf, uses) : 0);
  const around = new Map(packs.map((pack) => [pack, neighbours(pack, home, uses)]));

  /** What giving up a pack changes, at itself and next to it. */
  const change = (pack: Pack): number => {
    const touched = [pack, ...(around.get(pack) ?? [])];
    const before = touched.reduce((sum, other) => sum + cost(other), 0);
    kept.delete(pack);
    const after = touched.reduce((sum, other) => sum + cost(other), 0);
    kept.add(pack);
    return after - before;
  };
  const open = new Set(packs);
  for (const pack of open) {
    open.delete(pack);
    if (!kept.has(pack) || change(pack) >= 0) continue;
    kept.delete(pack);
    for (const other of around.get(pack) ?? []) open.add(other);
  }
  for (const group of connected(kept, around)) {
    if (group.reduce((sum, pack) => sum + cost(pack), 0) >= 0) {
      for (const pack of group) kept.delete(pack);
    }
  }
  return packs.filter((pack) => kept.has(pack));
}

interface Home {
  readonly pack: Pack;
  readonly lane: number;
}

function costOfPack(
  { members, operands }: Pack,
  homeOf: (node: Node) => Home | undefined,
  uses: Uses,
): number {
  let cost = -(members.length - 1) * NODE;
  for (const list of operands) cost += bringing(list, homeOf);
  for (const node of members) {
    const apart = uses.of(node).some((use) => !uses.takesLanes(use) && !homeOf(use));
    if (apart) cost += copy(node);
  }
  return cost;
}

/** What it costs to have nodes as lanes of one value. */
function bringing(list: readonly Node[], homeOf: (node: Node) => Home | undefined): number {
  const [first] = list;
  if (list.every((node) => node === first)) return 0;
  if (list.every((node) => constantOf(node) !== undefined || node.op === "Literal")) return 0;
  const size = sizeOf(first.shape);
  const numbers = size * list.length;
  if (adjacentViews(list, size)) return -(list.length - 1) * INPUT;
  const place = homeOf(first);
  if (place && list.every((node, i) => isAt(homeOf(node), place.pack, place.lane + i))) {
    return list.length === place.pack.members.length ? 0 : copy(first, numbers);
  }
  const apart = piecesOfOne(list);
  // They are copied anyway, one by one.
  if (apart) return (apart === "in order" ? 0 : copy(first, numbers)) - list.length * copy(first);
  return list.reduce((sum, node) => sum + (homeOf(node) ? copy(node) : 0), copy(first, numbers));
}

const copy = (node: Node, numbers = sizeOf(node.shape)): number => NODE + numbers * NUMBER;

const isAt = (home: Home | undefined, pack: Pack, lane: number): boolean =>
  home?.pack === pack && home.lane === lane;

function adjacentViews(list: readonly Node[], size: number): boolean {
  const [first] = list;
  return (
    first.op === "View" &&
    list.every(
      (node, i) =>
        node.op === "View" &&
        node.attributes.space === first.attributes.space &&
        node.attributes.at === first.attributes.at + i * size,
    )
  );
}

/** Whether nodes are pieces of one value; in order if they follow one another in its memory. */
function piecesOfOne(list: readonly Node[]): "in order" | "apart" | undefined {
  const pieces = list.map(pieceOf);
  const first = pieces[0];
  if (!first || pieces.some((piece) => piece?.whole !== first.whole)) return undefined;
  const axis = first.whole.shape.findIndex((size) => size !== 1);
  return pieces.every(
    (piece, i) => piece?.starts[axis] === first.starts[axis] + i * first.shape[axis],
  )
    ? "in order"
    : "apart";
}

/** Packs that give to or take from this one. */
function neighbours(
  { members }: Pack,
  home: ReadonlyMap<Node, Home>,
  uses: Uses,
): ReadonlySet<Pack> {
  const found = new Set<Pack>();
  for (const node of members) {
    for (const other of [...node.inputs, ...uses.of(node)]) {
      const pack = home.get(other)?.pack;
      if (pack && pack.members !== members) found.add(pack);
    }
  }
  return found;
}

function connected(
  packs: ReadonlySet<Pack>,
  around: ReadonlyMap<Pack, ReadonlySet<Pack>>,
): readonly (readonly Pack[])[] {
  const rest = new Set(packs);
  const groups: Pack[][] = [];
  for (const start of packs) {
    if (!rest.delete(start)) continue;
    const group = [start];
    for (const pack of group) {
      for (const other of around.get(pack) ?? []) if (rest.delete(other)) group.push(other);
    }
    groups.push(group);
  }
  return groups;
}
