import { type Node, sizeOf } from "../node.ts";
import { alike, keyOf } from "./alike.ts";
import { pieceOf } from "./lanes.ts";
import { liftable } from "./lift.ts";

/** Equal ops, none of which needs another: one op with an axis of lanes could compute them. */
export interface Pack {
  /** In the order of the lanes. */
  readonly members: readonly Node[];
  /** What every member is given at each operand's place. */
  readonly operands: readonly (readonly Node[])[];
}

/**
 * Finds packs among the ancestors of lists of nodes that are wanted together.
 *
 * From each list downwards, place by place: what packed nodes are given at one place is wanted together in turn. A node is
 * in one pack at most; lists that have two nodes or more in common become one pack. `closed` nodes are in none. With `cut`,
 * packs end where what their members are given does not go on in memory.
 */
export function packsOf(
  wanted: readonly (readonly Node[])[],
  { closed, cut }: { readonly closed: (node: Node) => boolean; readonly cut: boolean },
): { readonly packs: readonly Pack[]; readonly wasCut: boolean } {
  const open: (readonly Node[])[] = [...wanted];
  const found = new Map<Node, Set<Node>>();
  for (let list = open.shift(); list; list = open.shift()) {
    for (const group of alike([...new Set(list)])) {
      const free = group.filter((node) => !closed(node));
      if (free.length < 2 || isLeaf(free[0])) continue;
      const pack = join(found, free);
      if (pack) open.push(...operandsOf([...pack]));
    }
  }
  const sets = [...new Set(found.values())];
  const packs = inLaneOrder(sets, cut);
  return { packs, wasCut: packs.length !== sets.length };
}

/** Adds nodes to the pack that has most of them, or to a new one; undefined where nothing changed. */
function join(found: Map<Node, Set<Node>>, nodes: readonly Node[]): Set<Node> | undefined {
  const shares = new Map<Set<Node>, number>();
  for (const node of nodes) {
    const pack = found.get(node);
    if (pack) shares.set(pack, (shares.get(pack) ?? 0) + 1);
  }
  const [most] = [...shares].sort((a, b) => b[1] - a[1]);
  const added = nodes.filter((node) => !found.has(node));
  if (most && most[1] < 2) return undefined;
  const members = new Set([...(most?.[0] ?? []), ...added]);
  if (added.length === 0 || members.size < 2 || dependent(members)) return undefined;
  const differs = operandsOf([...members]).map((list) => new Set(list).size > 1);
  if (!liftable(nodes[0], differs)) return undefined;
  const pack = most?.[0] ?? new Set<Node>();
  for (const node of added) {
    pack.add(node);
    found.set(node, pack);
  }
  return pack;
}

/** Whether one of the nodes is computed from another. */
function dependent(nodes: ReadonlySet<Node>): boolean {
  const least = Math.min(...[...nodes].map(({ id }) => id));
  const seen = new Set<Node>();
  const open = [...nodes].flatMap(({ inputs }) => inputs);
  for (let node = open.pop(); node; node = open.pop()) {
    if (nodes.has(node)) return true;
    if (node.id <= least || seen.has(node)) continue;
    seen.add(node);
    open.push(...node.inputs);
  }
  return false;
}

const isLeaf = ({ inputs }: Node): boolean => inputs.length === 0;

/** What the members are given, place by place; operands of a commutative op in the order that makes places most alike. */
function operandsOf(members: readonly Node[]): readonly (readonly Node[])[] {
  const [{ op, inputs }] = members;
  if (op !== "Add" && op !== "Mul") {
    return inputs.map((_, place) => members.map((member) => member.inputs[place]));
  }
  const common = inputs.find((input) => members.every((member) => member.inputs.includes(input)));
  const pairs = members.map(({ inputs: [a, b] }) => {
    if (common) return a === common ? [a, b] : [b, a];
    return keyOf(a) <= keyOf(b) ? [a, b] : [b, a];
  });
  return [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
}

/**
 * Orders every pack's members as what they are computed from lies in memory, so that stacking it is no copy and one pack's
 * lanes are another's. Operands' packs come first.
 */
function inLaneOrder(sets: readonly ReadonlySet<Node>[], cut: boolean): readonly Pack[] {
  const lane = new Map<Node, Place>();
  const firstId = (set: ReadonlySet<Node>): number => Math.min(...[...set].map(({ id }) => id));
  return sets
    .map((set) => ({ set, id: firstId(set) }))
    .sort((a, b) => a.id - b.id)
    .flatMap(({ set }) => {
      const members = [...set];
      const order = members.map((_, i) => i);
      const places = operandsOf(members)
        .map((list) => placesOf(list, lane))
        .find((list) => new Set(list).size === list?.length);
      if (places) order.sort((i, j) => places[i] - places[j]);
      const sorted = order.map((i) => members[i]);
      const operands = operandsOf(sorted);
      const ends = sorted.flatMap((_, i) =>
        i === 0 || (cut && operands.some((list) => breaks(list[i - 1], list[i], lane))) ? [i] : [],
      );
      return ends.flatMap((start, part) => {
        const end = ends[part + 1] ?? sorted.length;
        const some = sorted.slice(start, end);
        some.forEach((node, i) => lane.set(node, { of: set, at: start + i, part }));
        return some.length < 2 ? [] : [{ members: some, operands: operandsOf(some) }];
      });
    });
}

/** Whether two neighbours of a list are apart in memory, or in what was cut out of one pack. */
function breaks(a: Node, b: Node, lane: ReadonlyMap<Node, Place>): boolean {
  if (a === b) return false;
  if (a.op === "View" && b.op === "View") {
    const [before, after] = [a.attributes, b.attributes];
    return before.space !== after.space || before.at + sizeOf(a.shape) !== after.at;
  }
  const [from, to] = [lane.get(a), lane.get(b)];
  return from !== undefined && to !== undefined && from.of === to.of && from.part !== to.part;
}

interface Place {
  /** A memory, a value, or nodes that are computed together. */
  readonly of: unknown;
  readonly at: number;
  /** Which of the packs that those were cut into. */
  readonly part?: number;
}

/** Where nodes lie in the one memory, value or pack that they are parts of. */
function placesOf(
  nodes: readonly Node[],
  lane: ReadonlyMap<Node, Place>,
): readonly number[] | undefined {
  const places = nodes.map((node) => placeOf(node) ?? lane.get(node));
  const of = places[0]?.of;
  return of !== undefined && places.every((place) => place?.of === of)
    ? places.map((place) => place?.at ?? 0)
    : undefined;
}

function placeOf(node: Node): Place | undefined {
  if (node.op === "View") return { of: node.attributes.space, at: node.attributes.at };
  const piece = pieceOf(node);
  if (!piece) return undefined;
  const { whole, starts } = piece;
  return { of: whole, at: starts.reduce((at, start, i) => at * whole.shape[i] + start, 0) };
}
