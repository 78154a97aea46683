import type { Graph } from "../graph.ts";
import { type Node, type Shape, sizeOf } from "../node.ts";
import { reshape, transpose } from "../ops/index.ts";
import { AxisNames, EXAMPLES, type Group } from "./axis-names.ts";
import type { Labelled } from "./contraction.ts";

/** A value that is laid out in its own way, and what the axes of its node are called. */
export interface Twin extends Labelled {
  readonly axes: readonly Group[];
}

/** New values in place of nodes: the node itself made anew, or a twin, whose axes lie in another order. */
export class Twins {
  readonly names: AxisNames;
  readonly #graph: Graph;
  readonly #twins = new Map<Node, Twin>();
  readonly #made = new Map<Node, Node>();

  constructor(graph: Graph, examples: number) {
    this.#graph = graph;
    this.names = new AxisNames(examples);
  }

  has(node: Node): boolean {
    return this.#twins.has(node);
  }

  set(node: Node, value: Twin | Node): void {
    if ("axes" in value) this.#twins.set(node, value);
    else this.#made.set(node, value);
  }

  /** What the axes of operands' common shape are called; undefined where that leads to a contradiction. */
  commonAxes(
    inputs: readonly Node[],
    shape: Shape,
    shapeIn: (input: Node) => Shape = (input) => input.shape,
  ): readonly Group[] | undefined {
    const axes: Group[] = [];
    for (const [axis, size] of shape.entries()) {
      let group: Group | undefined;
      for (const input of inputs) {
        const at = axis - shape.length + shapeIn(input).length;
        if (size === 1 || !this.#twins.has(input) || (shapeIn(input)[at] ?? 1) === 1) continue;
        const own = this.given(input).axes[at];
        if (group && !this.same(group, own)) return undefined;
        group ??= own;
      }
      axes.push(size === 1 ? [] : (group ?? [this.names.fresh(size)]));
    }
    const expanded = axes.map((group) => this.names.expand(group));
    return hasTwice(expanded.flat()) ? undefined : expanded;
  }

  /** Makes two groups of names one; not where a value has both, for axes of its own. */
  same(a: Group, b: Group): boolean {
    return this.names.unify(a, b, (p, q) =>
      [...this.#twins.values()].some((twin) => {
        const labels = this.names.expand(twin.labels);
        return labels.includes(p) && labels.includes(q);
      }),
    );
  }

  /** Labels as the largest operand lays them out, the others behind those before them in the result; examples last. */
  order(inputs: readonly Node[], labels: Group): Group {
    const size = (group: Group): number => sizeOf(this.names.shapeOf(group));
    const layouts = inputs.flatMap((input) =>
      this.#twins.has(input) ? [this.given(input).labels] : [],
    );
    const largest = layouts.reduce((a, b) => (size(b) > size(a) ? b : a));
    const order = largest.filter((label) => labels.includes(label) && label !== EXAMPLES);
    let place = 0;
    for (const label of labels) {
      if (label === EXAMPLES) continue;
      const known = order.indexOf(label);
      if (known < 0) order.splice(place, 0, label);
      place = known < 0 ? place + 1 : known + 1;
    }
    return labels.includes(EXAMPLES) ? [...order, EXAMPLES] : order;
  }

  /** A value and its labels; of one that has no twin, by the axes that it shares. */
  labelled(input: Node, axes: readonly Group[]): Labelled {
    if (this.#twins.has(input)) return this.given(input);
    const labels = input.shape.flatMap((size, axis) =>
      size === 1 ? [] : this.names.expand(axes[axis]),
    );
    return { node: this.bare(this.valueOf(input), labels), labels };
  }

  /** A node's twin, in the names of now, each an axis of its value. */
  given(input: Node): Twin {
    const twin = this.#twins.get(input) as Twin;
    const labels = this.names.expand(twin.labels);
    if (
      labels.length !== twin.labels.length ||
      labels.some((label, i) => label !== twin.labels[i])
    ) {
      const axes = twin.axes.map((group) => this.names.expand(group));
      const now = { node: this.bare(twin.node, labels), labels, axes };
      this.#twins.set(input, now);
      return now;
    }
    return { ...twin, node: this.bare(twin.node, labels) };
  }

  /** A value with its axes in an order of labels, those that it does not have with length 1. */
  spread(value: Labelled, order: Group): Node {
    const there = order.filter((label) => value.labels.includes(label));
    const shape = order.map((label) => (there.includes(label) ? this.names.lengthOf(label) : 1));
    return reshape(this.#graph, this.moved(value, there), shape);
  }

  /** A value with its axes in another order. */
  moved({ node, labels }: Labelled, order: Group): Node {
    return transpose(
      this.#graph,
      this.bare(node, labels),
      order.map((label) => labels.indexOf(label)),
    );
  }

  /** A value laid out as its node says. */
  asIn(value: Labelled, axes: readonly Group[], shape: Shape): Node {
    return reshape(this.#graph, this.moved(value, axes.flat()), shape);
  }

  /** What stands for a node where it has to be laid out as the node. */
  valueOf(node: Node): Node {
    if (!this.#twins.has(node)) return this.#made.get(node) ?? node;
    const { axes, ...value } = this.given(node);
    return this.asIn(value, axes, node.shape);
  }

  /** A value with an axis per label, and no others. */
  bare(node: Node, labels: Group): Node {
    return reshape(this.#graph, node, this.names.shapeOf(labels));
  }
}

export const withExamplesLast = (labels: Group): Group =>
  labels.includes(EXAMPLES) ? [...labels.filter((label) => label !== EXAMPLES), EXAMPLES] : labels;

export const hasTwice = (labels: Group): boolean => new Set(labels).size < labels.length;
