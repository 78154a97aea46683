import { ancestors, type Graph } from "../graph.ts";
import { type Node, type Shape, UNARY } from "../node.ts";
import { rebuild, reshape, sum, transpose } from "../ops/index.ts";
import { cheapest } from "./cheapest.ts";
import { type Contraction, type Label, type Labelled, sizeOfLabels } from "./contraction.ts";
import { costAbove } from "./cost.ts";
import { ELEMENTWISE } from "./elementwise.ts";
import { formsOf } from "./forms.ts";

/** A value whose axes lie otherwise than in the node that it stands for. */
interface Twin extends Labelled {
  /** What the node's own axes are made of, in order. */
  readonly axes: readonly (readonly Label[])[];
}

/** The outputs with one move of axes done as late as can be: on what is computed from it number by number, summed or multiplied. */
export function sunk(graph: Graph, outputs: readonly Node[], move: Node): readonly Node[] {
  return new Sinking(graph, outputs, move).outputs;
}

class Sinking {
  readonly outputs: readonly Node[];
  readonly #graph: Graph;
  readonly #live: ReadonlySet<Node>;
  readonly #lengths: number[] = [];
  readonly #twins = new Map<Node, Twin>();
  readonly #made = new Map<Node, Node>();

  constructor(graph: Graph, outputs: readonly Node[], move: Node) {
    this.#graph = graph;
    this.#live = new Set(ancestors(outputs));
    for (const node of this.#live) {
      if (node === move) this.#start(move);
      else this.#go(node);
    }
    this.outputs = outputs.map((node) => this.#valueOf(node));
  }

  #start(move: Node): void {
    if (move.op !== "Transpose") return;
    const [below] = move.inputs;
    const axes = move.shape.map((size) => (size === 1 ? [] : [this.#fresh(size)]));
    const { perm } = move.attributes;
    const labels = below.shape.flatMap((_, axis) => axes[perm.indexOf(axis)]);
    this.#twins.set(move, { node: this.#bare(below, labels), labels, axes });
  }

  #go(node: Node): void {
    const twin = node.inputs.some((input) => this.#twins.has(input)) ? this.#twin(node) : undefined;
    if (twin === undefined) {
      const inputs = node.inputs.map((input) => this.#valueOf(input));
      const same = inputs.every((input, i) => input === node.inputs[i]);
      this.#made.set(node, same ? node : rebuild(this.#graph, node, inputs));
    } else if ("axes" in twin) this.#twins.set(node, twin);
    else this.#made.set(node, twin);
  }

  /** What a node that is given a twin becomes: a twin, or itself by another way; undefined for ops that need it as it was. */
  #twin(node: Node): Twin | Node | undefined {
    const graph = this.#graph;
    const [first] = node.inputs.flatMap((input) => this.#twins.get(input) ?? []);
    if (node.op === "Reshape") {
      const axes = regrouped(first.axes.flat(), node.shape, this.#lengths);
      return axes && { ...first, axes };
    }
    if (node.op === "ReduceSum") {
      const gone = node.attributes.axes.flatMap((axis) => first.axes[axis]);
      const places = first.labels.flatMap((label, i) => (gone.includes(label) ? [i] : []));
      return {
        node: sum(graph, first.node, places),
        labels: first.labels.filter((label) => !gone.includes(label)),
        axes: first.axes.filter((_, axis) => !node.attributes.axes.includes(axis)),
      };
    }
    if (node.op === "MatMul") return this.#product(node);
    if (!ELEMENTWISE.has(node.op)) return undefined;
    const whole = node.inputs
      .map((input) => this.#twins.get(input))
      .find((twin) => twin?.axes.length === node.shape.length && this.#fills(twin, node.shape));
    if (!whole) return undefined;
    const operands = node.inputs.map((input) => this.#like(input, whole));
    if (operands.includes(undefined)) return undefined;
    const made = rebuild(
      graph,
      node,
      operands.filter((operand) => operand !== undefined),
    );
    return { ...whole, node: made };
  }

  /** An operand of an element-wise op with its axes as the twin's, those that it is broadcast along with length 1. */
  #like(operand: Node, { labels, axes }: Twin): Node | undefined {
    const own = this.#twins.get(operand);
    const spread = axes.map((group, i) => {
      const size = operand.shape[i - axes.length + operand.shape.length] ?? 1;
      return size === 1 ? [] : group;
    });
    const there = spread.flat();
    if (own) {
      // Made of the same labels, or of others for the same axes.
      if (own.axes.flat().join() !== there.join()) return undefined;
      return this.#spread({ node: own.node, labels: own.labels }, labels);
    }
    return this.#spread({ node: this.#valueOf(operand), labels: there }, labels);
  }

  #spread({ node, labels }: Labelled, like: readonly Label[]): Node {
    const order = like.filter((label) => labels.includes(label));
    const moved = this.#moved({ node, labels }, order);
    const shape = like.map((label) => (order.includes(label) ? this.#lengths[label] : 1));
    return reshape(this.#graph, moved, shape);
  }

  /** Moves axes of a value; of what is computed number by number, those of what it is computed from. */
  #moved({ node, labels }: Labelled, order: readonly Label[]): Node {
    if (order.join() === labels.join()) return this.#bare(node, labels);
    const perm = order.map((label) => labels.indexOf(label));
    const here = transpose(this.#graph, this.#bare(node, labels), perm);
    if (!(UNARY as readonly string[]).includes(node.op)) return here;
    const before = rebuild(this.#graph, node, [
      this.#moved({ node: node.inputs[0], labels }, order),
    ]);
    return costAbove(before, this.#live) < costAbove(here, this.#live) ? before : here;
  }

  #product(node: Node): Node | undefined {
    const rank = node.shape.length;
    const batch: Label[][] = [];
    const axesOf = (i: number): readonly (readonly Label[])[] | undefined =>
      this.#twins.get(node.inputs[i])?.axes;
    const [p, q] = [axesOf(0), axesOf(1)];
    const [a, b] = node.inputs;
    const last = <Item>(list: readonly Item[] | undefined, back: number): Item | undefined =>
      list?.[list.length - back];
    // Every axis by its place from the last: known to a twin, or new.
    const inner = last(p, 1) ?? last(q, 2) ?? [];
    if (p && q && last(p, 1)?.join() !== last(q, 2)?.join()) return undefined;
    const rows = last(p, 2) ?? this.#axis(last(a.shape, 2));
    const columns = last(q, 1) ?? this.#axis(last(b.shape, 1));
    for (let back = rank; back > 2; back--) {
      const [own, other] = [last(p, back), last(q, back)];
      const known = own && own.length > 0 ? own : other;
      if (own && other && own.length > 0 && other.length > 0 && own.join() !== other.join())
        return undefined;
      batch.push([...(known && known.length > 0 ? known : this.#axis(last(node.shape, back)))]);
    }
    const operand = (i: number, ends: readonly (readonly Label[])[]): Labelled => {
      const twin = this.#twins.get(node.inputs[i]);
      if (twin) return twin;
      const value = this.#valueOf(node.inputs[i]);
      const lead = value.shape.slice(0, -2).flatMap((size, axis) => {
        const at = axis - (value.shape.length - 2) + batch.length;
        return size === 1 ? [] : batch[at];
      });
      return { node: value, labels: [...lead, ...ends.flat()] };
    };
    const labels = [...batch, rows, columns].flat();
    const contraction: Contraction = {
      operands: [operand(0, [rows, inner]), operand(1, [inner, columns])],
      parts: [],
      labels,
      shape: node.shape,
      lengthOf: (label) => this.#lengths[label],
    };
    const forms = formsOf(this.#graph, contraction);
    return forms.length === 0 ? undefined : cheapest(forms, [contraction]);
  }

  #fills({ axes }: Twin, shape: Shape): boolean {
    return axes.every((group, i) => sizeOfLabels(group, this) === shape[i]);
  }

  /** The node's value; of one that has only a twin, with its axes moved after all. */
  #valueOf(node: Node): Node {
    const twin = this.#twins.get(node);
    if (!twin) return this.#made.get(node) ?? node;
    return reshape(this.#graph, this.#moved(twin, twin.axes.flat()), node.shape);
  }

  #bare(node: Node, labels: readonly Label[]): Node {
    return reshape(
      this.#graph,
      node,
      labels.map((label) => this.#lengths[label]),
    );
  }

  readonly lengthOf = (label: Label): number => this.#lengths[label];

  #fresh(length: number): Label {
    return this.#lengths.push(length) - 1;
  }

  #axis(length = 1): readonly Label[] {
    return length === 1 ? [] : [this.#fresh(length)];
  }
}

/** Labels, in the same order, as the axes of another shape; undefined where an axis would get a part of one. */
function regrouped(
  labels: readonly Label[],
  shape: Shape,
  lengths: readonly number[],
): readonly (readonly Label[])[] | undefined {
  const rest = [...labels];
  const axes = shape.map((size) => {
    const group: Label[] = [];
    let product = 1;
    while (product < size && rest.length > 0) {
      const label = rest.shift() as Label;
      group.push(label);
      product *= lengths[label];
    }
    return product === size ? group : undefined;
  });
  return rest.length > 0 || axes.includes(undefined)
    ? undefined
    : axes.filter((group) => group !== undefined);
}
