import { ancestors, type Graph } from "../graph.ts";
import { type Node, type Shape, sizeOf } from "../node.ts";
import {
  arithmetic,
  concat,
  expand,
  rebuild,
  reduce,
  reshape,
  slice,
  unary,
} from "../ops/index.ts";
import { EXAMPLES, type Group } from "./axis-names.ts";
import { cheapestBeside } from "./cheapest.ts";
import type { Contraction, Label, Labelled } from "./contraction.ts";
import { ELEMENTWISE } from "./elementwise.ts";
import { formsOf, spreadForms } from "./forms.ts";
import { hasTwice, type Twin, Twins, withExamplesLast } from "./twins.ts";

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

class Turning {
  readonly outputs: readonly Node[];
  readonly #graph: Graph;
  readonly #twins: Twins;
  /** What has been computed by now: no form has to pay for it again. */
  readonly #there = new Set<Node>();

  constructor(graph: Graph, outputs: readonly Node[], examples: number) {
    this.#graph = graph;
    this.#twins = new Twins(graph, examples);
    const live = ancestors(outputs);
    const first = firstOperands(live, examples);
    for (const node of live) {
      this.#go(node);
      if (first.has(node) && !this.#twins.has(node)) this.#start(node);
      this.#remember(
        this.#twins.has(node) ? this.#twins.given(node).node : this.#twins.valueOf(node),
      );
    }
    this.outputs = outputs.map((node) => this.#twins.valueOf(node));
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
      axis === at ? [EXAMPLES] : size === 1 ? [] : [this.#twins.names.fresh(size)],
    );
    this.#twins.set(node, { node: this.#twins.valueOf(node), labels: axes.flat(), axes });
  }

  #go(node: Node): void {
    const given = node.inputs.some((input) => this.#twins.has(input));
    const found = given ? this.#turned(node) : undefined;
    this.#twins.set(node, found ?? this.#again(node));
  }

  /** A node on new operands, laid out as they were. */
  #again(node: Node): Node {
    const inputs = node.inputs.map((input) => this.#twins.valueOf(input));
    const same = inputs.every((input, i) => input === node.inputs[i]);
    return same ? node : rebuild(this.#graph, node, inputs);
  }

  /** A node as a twin; itself, where no axis of examples is left; undefined for ops that take their operands as they were. */
  #turned(node: Node): Twin | Node | undefined {
    switch (node.op) {
      case "Reshape": {
        const { axes, ...value } = this.#twins.given(node.inputs[0]);
        const groups = this.#twins.names.regroup(axes.flat(), node.shape);
        return groups && { ...value, axes: groups };
      }
      case "Transpose": {
        const { axes, ...value } = this.#twins.given(node.inputs[0]);
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
    const axes = this.#twins.commonAxes(node.inputs, node.shape);
    if (!axes) return undefined;
    const labels = this.#twins.order(node.inputs, axes.flat());
    const operands = node.inputs.map((input) =>
      this.#twins.spread(
        this.#twins.labelled(input, axes.slice(axes.length - input.shape.length)),
        labels,
      ),
    );
    return { node: make(operands, this.#twins.names.shapeOf(labels)), labels, axes };
  }

  #reduced(
    node: Node,
    op: "ReduceSum" | "ReduceMax" | "ReduceMin" | "ReduceProd",
    over: readonly number[],
  ): Twin | Node {
    const given = this.#twins.given(node.inputs[0]);
    const gone = over.flatMap((axis) => given.axes[axis]);
    const places = given.labels.flatMap((label, i) => (gone.includes(label) ? [i] : []));
    const value = {
      node: reduce(this.#graph, op, given.node, places),
      labels: given.labels.filter((label) => !gone.includes(label)),
    };
    const axes = given.axes.filter((_, axis) => !over.includes(axis));
    return gone.includes(EXAMPLES) ? this.#twins.asIn(value, axes, node.shape) : { ...value, axes };
  }

  /** The op itself is over the last axis there is: what it is made of may be cheaper than to move that axis there and back. */
  #softmax(node: Node): Twin {
    const graph = this.#graph;
    const { axes, ...given } = this.#twins.given(node.inputs[0]);
    const over = axes[axes.length - 1];
    const labels = withExamplesLast(given.labels);
    const there = rebuild(graph, node, [this.#twins.valueOf(node.inputs[0])]);
    const moved = this.#twins.moved(
      { node: this.#twins.bare(there, axes.flat()), labels: axes.flat() },
      labels,
    );
    if (node.op !== "Softmax" || over.includes(EXAMPLES) || over.length === 0)
      return { node: moved, labels, axes };
    const x = this.#twins.moved(given, labels);
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
      this.#twins.has(input) ? this.#twins.given(input).axes : undefined,
    );
    const last = <Item>(list: readonly Item[] | undefined, back: number): Item | undefined =>
      list?.[list.length - back];
    // Every axis by its place from the last: known to a twin, or new.
    const own = (size: number): Group => (size === 1 ? [] : [this.#twins.names.fresh(size)]);
    const inner = last(p, 1) ?? last(q, 2) ?? [];
    if (p && q && !this.#twins.same(inner, last(q, 2) ?? [])) return undefined;
    const rows = last(p, 2) ?? own(last(a.shape, 2) ?? 1);
    const columns = last(q, 1) ?? own(last(b.shape, 1) ?? 1);
    const batch = this.#twins.commonAxes([a, b], node.shape.slice(0, -2), (input) =>
      input.shape.slice(0, -2),
    );
    if (!batch) return undefined;
    const axes = [...batch, rows, columns].map((group) => this.#twins.names.expand(group));
    const labels = axes.flat();
    if (hasTwice(labels)) return undefined;
    const operand = (input: Node, ends: readonly Group[]): Labelled =>
      this.#twins.labelled(input, [...batch.slice(batch.length + 2 - input.shape.length), ...ends]);
    const stays = labels.includes(EXAMPLES);
    const order = stays ? withExamplesLast(labels) : labels;
    const contraction: Contraction = {
      operands: [operand(a, [rows, inner]), operand(b, [inner, columns])],
      parts: [],
      labels: order,
      shape: stays ? this.#twins.names.shapeOf(order) : node.shape,
      lengthOf: this.#twins.names.lengthOf,
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
    const common = this.#twins.commonAxes(node.inputs, others, (input) =>
      input.shape.map((size, i) => (i === axis ? 1 : size)),
    );
    if (!common) return undefined;
    const whole = this.#twins.names.fresh(node.shape[axis]);
    const labels = [whole, ...this.#twins.order(node.inputs, common.flat())];
    const parts: Node[] = [];
    for (const input of node.inputs) {
      const own = this.#twins.has(input)
        ? this.#twins.given(input).axes[axis]
        : input.shape[axis] === 1
          ? []
          : [this.#twins.names.fresh(input.shape[axis])];
      if (own.includes(EXAMPLES)) return undefined;
      const groups = common.map((group, i) => (i === axis ? own : group));
      const value = this.#twins.moved(this.#twins.labelled(input, groups), [
        ...own,
        ...labels.slice(1),
      ]);
      const shape = [input.shape[axis], ...this.#twins.names.shapeOf(labels.slice(1))];
      parts.push(reshape(this.#graph, value, shape));
    }
    const axes = common.map((group, i) => (i === axis ? [whole] : group));
    return { node: concat(this.#graph, parts, 0), labels, axes };
  }

  #cut(node: Node, starts: readonly number[], steps: readonly number[]): Twin | undefined {
    const given = this.#twins.given(node.inputs[0]);
    const { shape } = node.inputs[0];
    const changed = shape.flatMap((size, axis) =>
      size === node.shape[axis] && steps[axis] === 1 ? [] : [axis],
    );
    const renamed = new Map<Label, Group>();
    const attributes = given.labels.map((label) => ({
      start: 0,
      step: 1,
      size: this.#twins.names.lengthOf(label),
    }));
    for (const axis of changed) {
      const [label, ...more] = given.axes[axis];
      if (more.length > 0 || label === EXAMPLES) return undefined;
      const size = node.shape[axis];
      attributes[given.labels.indexOf(label)] = { start: starts[axis], step: steps[axis], size };
      renamed.set(label, size === 1 ? [] : [this.#twins.names.fresh(size)]);
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
      node: reshape(this.#graph, piece, this.#twins.names.shapeOf(labels)),
      labels,
      axes: given.axes.map(rename),
    };
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
