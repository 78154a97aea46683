import { ancestors, type Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { add, concat, rebuild, sum } from "../ops/index.ts";
import { alike } from "./alike.ts";
import { estimate } from "./cost.ts";
import { joinLanes, laneOf, lanesOf, stackLanes } from "./lanes.ts";
import { lift } from "./lift.ts";
import { type Item, orderOf } from "./order.ts";
import { type Pack, packsOf } from "./packs.ts";
import { joinPads, type Sum, sumsOf } from "./sums.ts";
import { usesOf } from "./uses.ts";
import { worthwhile } from "./worth.ts";

export interface Fused {
  readonly outputs: readonly Node[];
  readonly report: FuseReport;
}

export interface FuseReport {
  /** How often the graph was rewritten; 0 where it stayed as it was. */
  readonly rounds: number;
  readonly nodes: { readonly before: number; readonly after: number };
  /** Guessed times in microseconds. */
  readonly estimate: { readonly before: number; readonly after: number };
}

/**
 * Horizontal fusion: code that does one thing in a loop over tasks or experts becomes code that does it once, on values
 * with an axis of lanes in front.
 *
 * What a Concat puts together and what a sum adds up is computed in lanes where its parts are equal ops on what can be had
 * as lanes, and so on towards the inputs, in rounds: each adds an axis at most (experts of tasks take two). A rewrite counts
 * only where it is cheaper by estimate, so the outputs, equal up to rounding, are never slower by it.
 */
export function fuse(graph: Graph, outputs: readonly Node[]): Fused {
  const before = { nodes: ancestors(outputs).length, estimate: estimate(outputs) };
  let best = { outputs, cost: before.estimate };
  let rounds = 0;
  let current = best;
  for (let round = 1; round <= ROUNDS; round++) {
    const next = cheapest(graph, current.outputs);
    const settled = Math.abs(next.cost - current.cost) <= 1e-6 * current.cost;
    current = next;
    // A round may only prepare the next one.
    if (settled || round - rounds > 2) break;
    if (next.cost >= best.cost) continue;
    best = next;
    rounds = round;
  }
  return {
    outputs: best.outputs,
    report: {
      rounds,
      nodes: { before: before.nodes, after: ancestors(best.outputs).length },
      estimate: { before: before.estimate, after: best.cost },
    },
  };
}

const ROUNDS = 6;

/** The better of two rewrites: packs that end where memory does not go on, and packs that copy it together. */
function cheapest(graph: Graph, outputs: readonly Node[]): Priced {
  const cut = new Round(graph, outputs, true);
  const first = { outputs: cut.outputs, cost: estimate(cut.outputs) };
  if (!cut.wasCut) return first;
  const whole = new Round(graph, outputs, false).outputs;
  const second = { outputs: whole, cost: estimate(whole) };
  return second.cost < first.cost ? second : first;
}

interface Priced {
  readonly outputs: readonly Node[];
  readonly cost: number;
}

/** One rewrite of the graph. */
class Round {
  readonly outputs: readonly Node[];
  /** Whether packs would have been larger without ends in memory. */
  readonly wasCut: boolean;
  readonly #graph: Graph;
  readonly #sums: ReadonlyMap<Node, Sum>;
  /** Packs by their members. */
  readonly #home = new Map<Node, { readonly pack: Pack; readonly lane: number }>();
  readonly #made = new Map<Node, Node>();
  /** Values with lanes. */
  readonly #lanes = new Map<Pack, Node>();

  constructor(graph: Graph, outputs: readonly Node[], cut: boolean) {
    this.#graph = graph;
    const live = ancestors(outputs);
    const uses = usesOf(live);
    this.#sums = sumsOf(live, uses);
    const { packs, wasCut } = choosePacks(live, this.#sums, uses, cut);
    this.wasCut = wasCut;
    if (packs.length === 0 && !joinsPads(this.#sums)) {
      this.outputs = outputs;
      return;
    }
    for (const pack of packs) {
      pack.members.forEach((node, lane) => this.#home.set(node, { pack, lane }));
    }
    const order = orderOf(outputs, {
      packOf: (node) => this.#home.get(node)?.pack,
      operandsOf: (node) => this.#sums.get(node)?.terms ?? node.inputs,
      dissolve: (pack) => {
        for (const node of pack.members) this.#home.delete(node);
      },
    });
    for (const item of order) this.#make(item);
    this.outputs = outputs.map((node) => this.#valueOf(node));
  }

  #make(item: Item): void {
    if ("members" in item) {
      const { members, operands } = item;
      const lifted = operands.map((list) =>
        list.every((node) => node === list[0])
          ? { value: this.#valueOf(list[0]), lanes: false }
          : { value: this.#stack(list), lanes: true },
      );
      this.#lanes.set(item, lift(this.#graph, members[0], lifted, members.length));
      return;
    }
    const sum = this.#sums.get(item);
    this.#made.set(item, sum ? this.#sum(sum) : this.#plain(item));
  }

  #plain(node: Node): Node {
    if (node.op === "Concat") return this.#concat(node.inputs, node.attributes.axis);
    const inputs = node.inputs.map((input) => this.#valueOf(input));
    return inputs.every((input, i) => input === node.inputs[i])
      ? node
      : rebuild(this.#graph, node, inputs);
  }

  /** The new node for an old one. */
  #valueOf(node: Node): Node {
    const home = this.#home.get(node);
    const lanes = home && this.#lanes.get(home.pack);
    if (home && lanes) return laneOf(this.#graph, lanes, home.lane);
    return this.#made.get(node) ?? node;
  }

  #stack(nodes: readonly Node[]): Node {
    const runs = this.#runs(nodes);
    if (runs.length === 1 && runs[0].value) return runs[0].value;
    return stackLanes(
      this.#graph,
      nodes.map((node) => this.#valueOf(node)),
    );
  }

  #concat(parts: readonly Node[], axis: number): Node {
    const values = this.#runs(parts).flatMap(({ value, nodes }) =>
      value ? [joinLanes(this.#graph, value, axis)] : nodes.map((node) => this.#valueOf(node)),
    );
    return concat(this.#graph, values, axis);
  }

  /** Adds up lanes, joins what is padded to different places, and adds the rest. */
  #sum({ terms }: Sum): Node {
    const graph = this.#graph;
    const packs = new Map<Pack | undefined, Node[]>();
    for (const term of terms) {
      const pack = this.#home.get(term)?.pack;
      packs.set(pack, [...(packs.get(pack) ?? []), term]);
    }
    const parts = [...packs].flatMap(([pack, group]) => {
      if (!pack || group.length < 2) return group.map((node) => this.#valueOf(node));
      const laneOfTerm = (node: Node): number => this.#home.get(node)?.lane ?? 0;
      const sorted = [...group].sort((a, b) => laneOfTerm(a) - laneOfTerm(b));
      return this.#runs(sorted).flatMap(({ value, nodes }) =>
        value ? [sum(graph, value, [0])] : nodes.map((node) => this.#valueOf(node)),
      );
    });
    const pads = parts.filter(({ op }) => op === "Pad");
    const joined = pads.length > 1 ? joinPads(graph, pads) : undefined;
    const rest = joined ? [joined, ...parts.filter(({ op }) => op !== "Pad")] : parts;
    return rest.reduce((total, part) => add(graph, total, part));
  }

  /** Neighbours among nodes that are lanes next to one another, as one value; other nodes one by one, without. */
  #runs(nodes: readonly Node[]): readonly Run[] {
    const runs: { nodes: Node[]; first?: { pack: Pack; lane: number } }[] = [];
    for (const node of nodes) {
      const home = this.#home.get(node);
      const last = runs.at(-1);
      const { pack, lane } = last?.first ?? {};
      if (home && last && home.pack === pack && home.lane === (lane ?? 0) + last.nodes.length) {
        last.nodes.push(node);
      } else runs.push({ nodes: [node], ...(home && { first: home }) });
    }
    return runs.map(({ nodes: run, first }) => {
      const lanes = first && this.#lanes.get(first.pack);
      if (run.length < 2 || !lanes) return { nodes: run };
      return { nodes: run, value: lanesOf(this.#graph, lanes, first.lane, run.length) };
    });
  }
}

/**
 * Packs for one rewrite. What sums add up comes first, and its sums are then no operands of other lanes: a mixture of
 * experts is lanes over the experts in this round, over the tasks in the next.
 */
function choosePacks(
  live: readonly Node[],
  sums: ReadonlyMap<Node, Sum>,
  uses: (node: Node) => readonly Node[],
  cut: boolean,
): Chosen {
  const repeated = [...sums.values()].flatMap((of) =>
    alike(of.terms).flatMap((group) => (group.length > 1 ? [{ of, group }] : [])),
  );
  const summing = new Set(repeated.flatMap(({ of: { adds } }) => adds));
  const choose = (loops: typeof repeated, lists: readonly (readonly Node[])[]): Chosen => {
    const closed = new Set(loops.flatMap(({ of: { adds } }) => adds));
    const { packs, wasCut } = packsOf([...loops.map(({ group }) => group), ...lists], {
      closed: (node) => closed.has(node),
      cut,
    });
    const takesLanes = (use: Node): boolean => use.op === "Concat" || summing.has(use);
    return { packs: worthwhile(packs, { of: uses, takesLanes }), wasCut };
  };
  const joined = live.flatMap((node) =>
    node.op === "Concat" ? alike(node.inputs).filter((group) => group.length > 1) : [],
  );
  // Two terms may be two tasks or any two things: they become lanes only where they are lanes for another reason.
  const loops = repeated.filter(({ group }) => group.length > 2);
  const first = choose(loops, joined);
  const packed = new Set(first.packs.flatMap(({ members }) => members));
  const worthIt = loops.filter(({ group }) => packed.has(group[0]));
  if (worthIt.length === loops.length) return first;
  const second = choose(worthIt, joined);
  return { packs: second.packs, wasCut: first.wasCut || second.wasCut };
}

interface Chosen {
  readonly packs: readonly Pack[];
  readonly wasCut: boolean;
}

/** Whether a sum has two terms or more that are padded. */
const joinsPads = (sums: ReadonlyMap<Node, Sum>): boolean =>
  [...sums.values()].some(({ terms }) => terms.filter(({ op }) => op === "Pad").length > 1);

interface Run {
  readonly nodes: readonly Node[];
  readonly value?: Node;
}
