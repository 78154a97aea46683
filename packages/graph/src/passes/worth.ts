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
  const costs = new Map(packs.map((pack) => [pack, costOf(pack, home, uses)]));
  const around = new Map(packs.map((pack) => [pack, neighbours(pack, home, uses)]));
  const cost = (pack: Pack): number => (kept.has(pack) ? (costs.get(pack)?.(kept) ?? 0) : 0);
  const now = new Map(packs.map((pack) => [pack, cost(pack)]));
  const sum = (some: Iterable<Pack>, of: (pack: Pack) => number): number => {
    let total = 0;
    for (const pack of some) total += of(pack);
    return total;
  };

  const open = new Set(packs);
  for (const pack of open) {
    open.delete(pack);
    if (!kept.delete(pack)) continue;
    // What giving it up changes, at itself and next to it.
    const next = around.get(pack) ?? new Set();
    const before = (now.get(pack) ?? 0) + sum(next, (other) => now.get(other) ?? 0);
    if (sum(next, cost) >= before) {
      kept.add(pack);
      continue;
    }
    now.set(pack, 0);
    for (const other of next) {
      now.set(other, cost(other));
      open.add(other);
    }
  }
  for (const group of connected(kept, around)) {
    if (sum(group, cost) >= 0) for (const pack of group) kept.delete(pack);
  }
  return packs.filter((pack) => kept.has(pack));
}

interface Home {
  readonly pack: Pack;
  readonly lane: number;
}

type Cost = (kept: ReadonlySet<Pack>) => number;

/** What a pack costs, against its members one by one, next to the packs that are kept. */
function costOf({ members, operands }: Pack, home: ReadonlyMap<Node, Home>, uses: Uses): Cost {
  const bring = operands.map((list) => bringing(list, home));
  let always = -(members.length - 1) * NODE;
  const readers: { readonly packs: readonly Pack[]; readonly cost: number }[] = [];
  for (const node of members) {
    const others = uses.of(node).filter((use) => !uses.takesLanes(use));
    const packs = others.flatMap((use) => home.get(use)?.pack ?? []);
    if (packs.length < others.length) always += copy(node);
    else if (packs.length > 0) readers.push({ packs: [...new Set(packs)], cost: copy(node) });
  }
  return (kept) => {
    let cost = always;
    for (const of of bring) cost += of(kept);
    for (const { packs, cost: apart } of readers) {
      if (!packs.every((pack) => kept.has(pack))) cost += apart;
    }
    return cost;
  };
}

/** What it costs to have nodes as lanes of one value. */
function bringing(list: readonly Node[], home: ReadonlyMap<Node, Home>): Cost {
  const [first] = list;
  if (list.every((node) => node === first)) return () => 0;
  if (list.every((node) => constantOf(node) !== undefined || node.op === "Literal")) return () => 0;
  const size = sizeOf(first.shape);
  const together = copy(first, size * list.length);
  if (adjacentViews(list, size)) return () => -(list.length - 1) * INPUT;
  const homes = list.map((node) => home.get(node));
  const [place] = homes;
  const joined = (kept: ReadonlySet<Pack>): number =>
    homes.reduce((sum, of) => sum + (of && kept.has(of.pack) ? copy(first) : 0), together);
  if (place && homes.every((of, i) => of?.pack === place.pack && of.lane === place.lane + i)) {
    const asTheyLie = list.length === place.pack.members.length ? 0 : together;
    return (kept) => (kept.has(place.pack) ? asTheyLie : together);
  }
  const apart = piecesOfOne(list);
  if (!apart) return joined;
  // They are copied anyway, one by one.
  const cost = (apart === "in order" ? 0 : together) - list.length * copy(first);
  return () => cost;
}

const copy = (node: Node, numbers = sizeOf(node.shape)): number => NODE + numbers * NUMBER;

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
