import { ancestors, type Graph } from "../graph.ts";
import { ARITHMETIC, LOGIC, type Node, type Shape, sizeOf, UNARY } from "../node.ts";
import {
  arithmetic,
  concat,
  expand,
  rebuild,
  reduce,
  reshape,
  slice,
  transpose,
  unary,
} from "../ops/index.ts";
import { AxisNames, EXAMPLES, type Group } from "./axis-names.ts";
import { cheapestBeside } from "./cheapest.ts";
import type { Contraction, Label, Labelled } from "./contraction.ts";
import { formsOf, spreadForms } from "./forms.ts";

/**
 * The same outputs, with the axis of examples last in whatever is computed from them: [units, examples] where a model
 * says [examples, units].
 *
 * A bias is then one number for a long row of others, experts and tasks are blocks that no product has to move, and
 * mixtures of experts are sums of such blocks. `examples` is the length of that axis; what it is taken for that has
 * another meaning changes how results are computed, and not what they are.
 */
export function examplesLast(
  graph: Graph,
  outputs: readonly Node[],
  examples: number,
): readonly Node[] {
  return new Turning(graph, outputs, examples).outputs;
}

/** A value that is laid out in its own way, and what the axes of its node are called. */
interface Twin extends Labelled {
  readonly axes: readonly Group[];
}

class Turning {
  readonly outputs: readonly Node[];
  readonly #graph: Graph;
  readonly #names = new AxisNames();
  readonly #twins = new Map<Node, Twin>();
  readonly #made = new Map<Node, Node>();
  /** What has been computed by now: no form has to pay for it again. */
  readonly #there = new Set<Node>();

  constructor(graph: Graph, outputs: readonly Node[], examples: number) {
    this.#graph = graph;
    this.#names.fresh(examples);
    const live = ancestors(outputs);
    const first = firstOperands(live, examples);
    for (const node of live) {
      this.#go(node);
      if (first.has(node) && !this.#twins.has(node)) this.#start(node);
      this.#remember((this.#twins.get(node) ?? { node: this.#valueOf(node) }).node);
    }
    this.outputs = outputs.map((node) => this.#valueOf(node));
  }

  #remember(node: Node): void {
    if (this.#there.has(node)) return;
    this.#there.add(node);
    for (const input of node.inputs) this.#remember(input);
  }

  /** Names the axes of a value as it is: [examples, units], with axes of length 1 around them. */
  #start(node: Node): void {
    const at = node.shape.length - 2;
    const axes = node.shape.map((size, axis) =>
      axis === at ? [EXAMPLES] : size === 1 ? [] : [this.#names.fresh(size)],
    );
    this.#twins.set(node, { node: this.#valueOf(node), labels: axes.flat(), axes });
  }

  #go(node: Node): void {
    const given = node.inputs.some((input) => this.#twins.has(input));
    const found = given ? this.#turned(node) : undefined;
    if (found === undefined) {
      const inputs = node.inputs.map((input) => this.#valueOf(input));
      const same = inputs.every((input, i) => input === node.inputs[i]);
      this.#made.set(node, same ? node : rebuild(this.#graph, node, inputs));
    } else if ("axes" in found) this.#twins.set(node, found);
    else this.#made.set(node, found);
  }

  /** A node as a twin; itself, where no axis of examples is left; undefined for ops that take their operands as they were. */
  #turned(node: Node): Twin | Node | undefined {
    switch (node.op) {
      case "Reshape": {
        const { axes, ...value } = this.#given(node.inputs[0]);
        const groups = this.#names.regroup(axes.flat(), node.shape);
        return groups && { ...value, axes: groups };
      }
      case "Transpose": {
        const { axes, ...value } = this.#given(node.inputs[0]);
        return { ...value, axes: node.attributes.perm.map((axis) => axes[axis]) };
      }
      case "ReduceSum":
      case "ReduceMax":
      case "ReduceMin":
      case "ReduceProd":
        return this.#reduced(node, node.op, node.attributes.axes);
      case "Softmax":
      case "LogSoftmax":
        return this.#softmax(node);
      case "MatMul":
        return this.#product(node);
      case "Concat":
        return this.#joined(node, node.attributes.axis);
      case "Slice":
        return this.#cut(node, node.attributes.starts, node.attributes.steps);
      case "Expand":
        return this.#elementwise(node, (value, shape) => expand(this.#graph, value[0], shape));
      default:
        return ELEMENTWISE.has(node.op)
          ? this.#elementwise(node, (operands) => rebuild(this.#graph, node, operands))
          : undefined;
    }
  }

  #elementwise(
    node: Node,
    make: (operands: readonly Node[], shape: Shape) => Node,
  ): Twin | undefined {
    const axes = this.#commonAxes(node.inputs, node.shape);
    if (!axes) return undefined;
    const labels = this.#order(node.inputs, axes.flat());
    const operands = node.inputs.map((input) =>
      this.#spread(this.#labelled(input, axes.slice(axes.length - input.shape.length)), labels),
    );
    return { node: make(operands, this.#names.shapeOf(labels)), labels, axes };
  }

  #reduced(
    node: Node,
    op: "ReduceSum" | "ReduceMax" | "ReduceMin" | "ReduceProd",
    over: readonly number[],
  ): Twin | Node {
    const given = this.#given(node.inputs[0]);
    const gone = over.flatMap((axis) => given.axes[axis]);
    const places = given.labels.flatMap((label, i) => (gone.includes(label) ? [i] : []));
    const value = {
      node: reduce(this.#graph, op, given.node, places),
      labels: given.labels.filter((label) => !gone.includes(label)),
    };
    const axes = given.axes.filter((_, axis) => !over.includes(axis));
    return gone.includes(EXAMPLES) ? this.#asIn(value, axes, node.shape) : { ...value, axes };
  }

  /** The op itself is over the last axis there is: what it is made of may be cheaper than to move that axis there and back. */
  #softmax(node: Node): Twin {
    const graph = this.#graph;
    const { axes, ...given } = this.#given(node.inputs[0]);
    const over = axes[axes.length - 1];
    const labels = withExamplesLast(given.labels);
    const there = rebuild(graph, node, [this.#valueOf(node.inputs[0])]);
    const moved = this.#moved(
      { node: this.#bare(there, axes.flat()), labels: axes.flat() },
      labels,
    );
    if (node.op !== "Softmax" || over.includes(EXAMPLES) || over.length === 0)
      return { node: moved, labels, axes };
    const x = this.#moved(given, labels);
    const places = over.map((label) => labels.indexOf(label));
    const kept = x.shape.map((size, i) => (places.includes(i) ? 1 : size));
    const most = reshape(graph, reduce(graph, "ReduceMax", x, places), kept);
    const raised = unary(graph, "Exp", arithmetic(graph, "Sub", x, most));
    const total = reshape(graph, reduce(graph, "ReduceSum", raised, places), kept);
    const made = arithmetic(graph, "Div", raised, total);
    return { node: cheapestBeside([moved, made], this.#there), labels, axes };
  }

  #product(node: Node): Twin | Node | undefined {
    const [a, b] = node.inputs;
    const [p, q] = [a, b].map((input) =>
      this.#twins.has(input) ? this.#given(input).axes : undefined,
    );
    const last = <Item>(list: readonly Item[] | undefined, back: number): Item | undefined =>
      list?.[list.length - back];
    // Every axis by its place from the last: known to a twin, or new.
    const own = (size: number): Group => (size === 1 ? [] : [this.#names.fresh(size)]);
    const inner = last(p, 1) ?? last(q, 2) ?? [];
    if (p && q && !this.#same(inner, last(q, 2) ?? [])) return undefined;
    const rows = last(p, 2) ?? own(last(a.shape, 2) ?? 1);
    const columns = last(q, 1) ?? own(last(b.shape, 1) ?? 1);
    const batch = this.#commonAxes([a, b], node.shape.slice(0, -2), (input) =>
      input.shape.slice(0, -2),
    );
    if (!batch) return undefined;
    const axes = [...batch, rows, columns].map((group) => this.#names.expand(group));
    const labels = axes.flat();
    if (hasTwice(labels)) return undefined;
    const operand = (input: Node, ends: readonly Group[]): Labelled =>
      this.#labelled(input, [...batch.slice(batch.length + 2 - input.shape.length), ...ends]);
    const stays = labels.includes(EXAMPLES);
    const order = stays ? withExamplesLast(labels) : labels;
    const contraction: Contraction = {
      operands: [operand(a, [rows, inner]), operand(b, [inner, columns])],
      parts: [],
      labels: order,
      shape: stays ? this.#names.shapeOf(order) : node.shape,
      lengthOf: this.#names.lengthOf,
    };
    const [left, right] = contraction.operands;
    if (hasTwice(left.labels) || hasTwice(right.labels)) return undefined;
    const perExample = left.labels.includes(EXAMPLES) && right.labels.includes(EXAMPLES) && stays;
    const forms = [
      ...formsOf(this.#graph, contraction),
      ...(perExample ? spreadForms(this.#graph, contraction) : []),
    ];
    if (forms.length === 0) return undefined;
    const made = cheapestBeside(forms, this.#there);
    return stays ? { node: made, labels: order, axes } : made;
  }

  #joined(node: Node, axis: number): Twin | undefined {
    const others = node.shape.map((size, i) => (i === axis ? 1 : size));
    const common = this.#commonAxes(node.inputs, others, (input) =>
      input.shape.map((size, i) => (i === axis ? 1 : size)),
    );
    if (!common) return undefined;
    const whole = this.#names.fresh(node.shape[axis]);
    const labels = [whole, ...this.#order(node.inputs, common.flat())];
    const parts: Node[] = [];
    for (const input of node.inputs) {
      const own = this.#twins.has(input)
        ? this.#given(input).axes[axis]
        : input.shape[axis] === 1
          ? []
          : [this.#names.fresh(input.shape[axis])];
      if (own.includes(EXAMPLES)) return undefined;
      const groups = common.map((group, i) => (i === axis ? own : group));
      const value = this.#moved(this.#labelled(input, groups), [...own, ...labels.slice(1)]);
      const shape = [input.shape[axis], ...this.#names.shapeOf(labels.slice(1))];
      parts.push(reshape(this.#graph, value, shape));
    }
    const axes = common.map((group, i) => (i === axis ? [whole] : group));
    return { node: concat(this.#graph, parts, 0), labels, axes };
  }

  #cut(node: Node, starts: readonly number[], steps: readonly number[]): Twin | undefined {
    const given = this.#given(node.inputs[0]);
    const { shape } = node.inputs[0];
    const changed = shape.flatMap((size, axis) =>
      size === node.shape[axis] && steps[axis] === 1 ? [] : [axis],
    );
    const renamed = new Map<Label, Group>();
    const attributes = given.labels.map((label) => ({
      start: 0,
      step: 1,
      size: this.#names.lengthOf(label),
    }));
    for (const axis of changed) {
      const [label, ...more] = given.axes[axis];
      if (more.length > 0 || label === EXAMPLES) return undefined;
      const size = node.shape[axis];
      attributes[given.labels.indexOf(label)] = { start: starts[axis], step: steps[axis], size };
      renamed.set(label, size === 1 ? [] : [this.#names.fresh(size)]);
    }
    const piece = slice(
      this.#graph,
      given.node,
      attributes.map(({ start }) => start),
      attributes.map(({ size }) => size),
      attributes.map(({ step }) => step),
    );
    const rename = (group: Group): Group => group.flatMap((label) => renamed.get(label) ?? [label]);
    const labels = rename(given.labels);
    return {
      node: reshape(this.#graph, piece, this.#names.shapeOf(labels)),
      labels,
      axes: given.axes.map(rename),
    };
  }

  /** What the axes of operands' common shape are called; undefined where that leads to a contradiction. */
  #commonAxes(
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
        const own = this.#given(input).axes[at];
        if (group && !this.#same(group, own)) return undefined;
        group ??= own;
      }
      axes.push(size === 1 ? [] : (group ?? [this.#names.fresh(size)]));
    }
    const expanded = axes.map((group) => this.#names.expand(group));
    return hasTwice(expanded.flat()) ? undefined : expanded;
  }

  /** Makes two groups of names one; not where a value has both, for axes of its own. */
  #same(a: Group, b: Group): boolean {
    return this.#names.unify(a, b, (p, q) =>
      [...this.#twins.values()].some((twin) => {
        const labels = this.#names.expand(twin.labels);
        return labels.includes(p) && labels.includes(q);
      }),
    );
  }

  /** Labels as the largest operand lays them out, the others behind those before them in the result; examples last. */
  #order(inputs: readonly Node[], labels: Group): Group {
    const size = (group: Group): number => sizeOf(this.#names.shapeOf(group));
    const layouts = inputs.flatMap((input) =>
      this.#twins.has(input) ? [this.#given(input).labels] : [],
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
  #labelled(input: Node, axes: readonly Group[]): Labelled {
    if (this.#twins.has(input)) return this.#given(input);
    const labels = input.shape.flatMap((size, axis) =>
      size === 1 ? [] : this.#names.expand(axes[axis]),
    );
    return { node: this.#bare(this.#valueOf(input), labels), labels };
  }

  #given(input: Node): Twin {
    const twin = this.#twins.get(input) as Twin;
    const labels = this.#names.expand(twin.labels);
    if (
      labels.length !== twin.labels.length ||
      labels.some((label, i) => label !== twin.labels[i])
    ) {
      const axes = twin.axes.map((group) => this.#names.expand(group));
      const now = { node: this.#bare(twin.node, labels), labels, axes };
      this.#twins.set(input, now);
      return now;
    }
    return { ...twin, node: this.#bare(twin.node, labels) };
  }

  #spread(value: Labelled, order: Group): Node {
    const there = order.filter((label) => value.labels.includes(label));
    const shape = order.map((label) => (there.includes(label) ? this.#names.lengthOf(label) : 1));
    return reshape(this.#graph, this.#moved(value, there), shape);
  }

  #moved({ node, labels }: Labelled, order: Group): Node {
    return transpose(
      this.#graph,
      this.#bare(node, labels),
      order.map((label) => labels.indexOf(label)),
    );
  }

  /** A value laid out as its node says. */
  #asIn(value: Labelled, axes: readonly Group[], shape: Shape): Node {
    return reshape(this.#graph, this.#moved(value, axes.flat()), shape);
  }

  #valueOf(node: Node): Node {
    if (!this.#twins.has(node)) return this.#made.get(node) ?? node;
    const { axes, ...value } = this.#given(node);
    return this.#asIn(value, axes, node.shape);
  }

  #bare(node: Node, labels: Group): Node {
    return reshape(this.#graph, node, this.#names.shapeOf(labels));
  }
}

/** Left operands [examples, units] of the first products on the way from the inputs. */
function firstOperands(live: readonly Node[], examples: number): ReadonlySet<Node> {
  const first = new Set<Node>();
  const behind = new Set<Node>();
  for (const node of live) {
    if (node.inputs.some((input) => input.op === "MatMul" || behind.has(input))) behind.add(node);
    if (node.op !== "MatMul") continue;
    const [left] = node.inputs;
    const [rows, columns] = left.shape.slice(-2);
    const matrix = rows === examples && sizeOf(left.shape) === rows * columns && columns > 1;
    if (matrix && left.op !== "MatMul" && !behind.has(left)) first.add(left);
  }
  return first;
}

const withExamplesLast = (labels: Group): Group =>
  labels.includes(EXAMPLES) ? [...labels.filter((label) => label !== EXAMPLES), EXAMPLES] : labels;

const hasTwice = (labels: Group): boolean => new Set(labels).size < labels.length;

const ELEMENTWISE: ReadonlySet<string> = new Set([
  ...UNARY,
  ...ARITHMETIC,
  ...LOGIC,
  "Cast",
  "Where",
]);
