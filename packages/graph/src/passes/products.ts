import { ancestors, type Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { add, rebuild } from "../ops/index.ts";
import { cheapest } from "./cheapest.ts";
import { type Contraction, contractionOf } from "./contraction.ts";
import { formsOf, sumsInOne } from "./forms.ts";
import { type Sum, sumsOf } from "./sums.ts";
import { usesOf } from "./uses.ts";

/**
 * Every product of two values in the form that costs least by estimate: what is added up afterwards becomes a part of the
 * inner axis, a value that several products share meets them all at once, axes move on the smaller side.
 *
 * Σ_k D_k·W_kᵀ is [D_1 … D_T]·[W_1 … W_T]ᵀ; mixtures Σ_e g_ke·f_e of all tasks k are one product [T, E]·[E, D] per example.
 */
export function mergeProducts(graph: Graph, outputs: readonly Node[]): readonly Node[] {
  return new Merging(graph, outputs).outputs;
}

class Merging {
  readonly outputs: readonly Node[];
  readonly #graph: Graph;
  readonly #contractions: ReadonlyMap<Node, Contraction>;
  readonly #sums: ReadonlyMap<Node, Sum>;
  readonly #made = new Map<Node, Node>();

  constructor(graph: Graph, outputs: readonly Node[]) {
    this.#graph = graph;
    const live = ancestors(outputs);
    const uses = usesOf(live);
    const wanted = new Set(outputs);
    this.#contractions = contractionsOf(
      live,
      (node) => uses(node).length === 1 && !wanted.has(node),
    );
    this.#sums = sumsOf(live, uses);
    for (const node of live) this.#made.set(node, this.#make(node));
    this.outputs = outputs.map((node) => this.#valueOf(node));
  }

  #make(node: Node): Node {
    const graph = this.#graph;
    const inputs = node.inputs.map((input) => this.#valueOf(input));
    const plain = inputs.every((input, i) => input === node.inputs[i])
      ? node
      : rebuild(graph, node, inputs);
    const contraction = this.#renewed(node);
    if (contraction) return cheapest([plain, ...formsOf(graph, contraction)], [contraction]);
    const terms = this.#sums.get(node)?.terms ?? [];
    const products = terms.flatMap((term) => {
      const found = this.#renewed(term);
      return found ? [found] : [];
    });
    if (products.length < 2) return plain;
    const others = terms.filter((term) => !this.#contractions.has(term));
    const added = sumsInOne(graph, products).map((form) =>
      others.reduce((total, term) => add(graph, total, this.#valueOf(term)), form),
    );
    return cheapest([plain, ...added], products);
  }

  /** A contraction of new values, the Reshapes and moves on top of it old. */
  #renewed(top: Node): Contraction | undefined {
    const found = this.#contractions.get(top);
    if (!found) return undefined;
    const [a, b] = found.operands.map(({ node, labels }) => ({
      node: this.#valueOf(node),
      labels,
    }));
    return { ...found, operands: [a, b] };
  }

  #valueOf(node: Node): Node {
    return this.#made.get(node) ?? node;
  }
}

/** Contractions by their topmost nodes, none a part of another. */
function contractionsOf(
  live: readonly Node[],
  alone: (node: Node) => boolean,
): ReadonlyMap<Node, Contraction> {
  const found = new Map<Node, Contraction>();
  const taken = new Set<Node>();
  for (const node of [...live].reverse()) {
    const contraction = taken.has(node) ? undefined : contractionOf(node, alone);
    if (!contraction) continue;
    found.set(node, contraction);
    for (const part of contraction.parts) taken.add(part);
  }
  return found;
}
