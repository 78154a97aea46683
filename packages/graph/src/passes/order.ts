import type { Node } from "../node.ts";
import type { Pack } from "./packs.ts";

/** A node by itself, or a pack of nodes computed at once. */
export type Item = Node | Pack;

interface Ordering {
  readonly packOf: (node: Node) => Pack | undefined;
  /** What a node needs; of a sum, its terms. */
  readonly operandsOf: (node: Node) => readonly Node[];
  /** Gives a pack up. */
  readonly dissolve: (pack: Pack) => void;
}

/**
 * What the outputs need, operands first. Packs that need one another in a circle are dissolved, the smallest of each circle,
 * until there is none.
 */
export function orderOf(outputs: readonly Node[], ordering: Ordering): readonly Item[] {
  for (;;) {
    const found = tryOrder(outputs, ordering);
    if (found.order) return found.order;
    ordering.dissolve(found.smallest);
  }
}

type Found =
  { readonly order: readonly Item[] } | { readonly order?: undefined; readonly smallest: Pack };

function tryOrder(outputs: readonly Node[], { packOf, operandsOf }: Ordering): Found {
  const itemOf = (node: Node): Item => packOf(node) ?? node;
  const needs = (item: Item): Item[] =>
    ("members" in item ? item.operands.flat() : operandsOf(item)).map(itemOf);
  const order: Item[] = [];
  const done = new Set<Item>();
  /** Items on the way from an output to the one looked at. */
  const path = new Map<Item, Item[]>();
  for (const output of outputs) {
    const stack = [itemOf(output)];
    for (let item = stack.at(-1); item; item = stack.at(-1)) {
      if (done.has(item)) {
        stack.pop();
        continue;
      }
      const rest = path.get(item) ?? needs(item);
      path.set(item, rest);
      const next = rest.pop();
      if (!next) {
        order.push(item);
        done.add(item);
        path.delete(item);
        stack.pop();
      } else if (path.has(next)) {
        const circle = stack.slice(stack.indexOf(next));
        const packs = circle.filter((other) => "members" in other);
        return { smallest: packs.reduce((a, b) => (b.members.length < a.members.length ? b : a)) };
      } else if (!done.has(next)) stack.push(next);
    }
  }
  return { order };
}
