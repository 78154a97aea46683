import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { concat, matMul, mul, reshape, sum, swapLast, transpose } from "../ops/index.ts";
import { type Contraction, type Label, type Labelled, sizeOfLabels } from "./contraction.ts";

/** The ways to compute a contraction as a product of matrices, or as a Mul where nothing is added up. */
export function formsOf(graph: Graph, of: Contraction): readonly Node[] {
  const [a, b] = factorsOf(graph, of);
  const { batch, inner, rows, columns } = planOf(a, b, of);
  const { labels } = of;
  const forms: Node[] = [];
  for (const apart of distinct([[], leading(rows, a), leading(columns, b)])) {
    const [ownRows, ownColumns] = [without(rows, apart), without(columns, apart)];
    for (const batchLike of orders(batch, [labels, a.labels, b.labels])) {
      for (const innerLike of orders(inner, [a.labels, b.labels])) {
        for (const rowsLike of orders(ownRows, [a.labels, labels])) {
          for (const columnsLike of orders(ownColumns, [b.labels, labels])) {
            const plan: Plan = {
              apart,
              batch: batchLike,
              inner: innerLike,
              rows: rowsLike,
              columns: columnsLike,
            };
            forms.push(product(graph, a, b, plan, of), product(graph, b, a, swapped(plan), of));
          }
        }
      }
    }
  }
  if (inner.length === 0) forms.push(outer(graph, a, b, of));
  return forms;
}

/**
 * Σ_i of contractions with results of one shape as one product, whose inner axis is theirs one after another; none where
 * they multiply different axes.
 */
export function sumsInOne(graph: Graph, terms: readonly Contraction[]): readonly Node[] {
  const [first] = terms;
  const shared = planOf(...factorsOf(graph, first), first);
  const pairs = terms.map((of) => {
    const [a, b] = factorsOf(graph, of);
    const { batch, rows, columns, inner } = planOf(a, b, of);
    if (batch.join() !== shared.batch.join()) return undefined;
    const [same, turned] = [
      rows.join() === shared.rows.join() && columns.join() === shared.columns.join(),
      columns.join() === shared.rows.join() && rows.join() === shared.columns.join(),
    ];
    if (!same && !turned) return undefined;
    return matrices(graph, same ? a : b, same ? b : a, { ...shared, inner }, of);
  });
  if (pairs.includes(undefined)) return [];
  const known = pairs.filter((pair) => pair !== undefined);
  const rank = known[0].left.shape.length;
  const joined = (turned: boolean): Node => {
    const left = concat(
      graph,
      known.map(({ left: part }) => part),
      rank - 1,
    );
    const right = concat(
      graph,
      known.map(({ right: part }) => part),
      rank - 2,
    );
    const { batch, rows, columns } = shared;
    if (!turned) {
      const labels = [...batch, ...rows, ...columns];
      return laidOut(graph, { node: matMul(graph, left, right), labels }, first);
    }
    const labels = [...batch, ...columns, ...rows];
    const node = matMul(graph, swapLast(graph, right), swapLast(graph, left));
    return laidOut(graph, { node, labels }, first);
  };
  return [joined(false), joined(true)];
}

/** The ways to multiply element by element and add up then: where a product of matrices would be one of very many. */
export function spreadForms(graph: Graph, of: Contraction): readonly Node[] {
  const [a, b] = factorsOf(graph, of);
  const { inner } = planOf(a, b, of);
  if (inner.length === 0) return [];
  return [0, 1, of.labels.length - 1].map((place) => {
    const all = [...of.labels.slice(0, place), ...inner, ...of.labels.slice(place)];
    const spread = (operand: Labelled): Node => spreadOver(graph, operand, all, of);
    const axes = inner.map((_, i) => place + i);
    return reshape(graph, sum(graph, mul(graph, spread(a), spread(b)), axes), of.shape);
  });
}

/** The operands, without what one of them alone has to add up. */
function factorsOf(graph: Graph, of: Contraction): readonly [Labelled, Labelled] {
  const [a, b] = of.operands;
  return [
    withoutOwn(graph, a, [...of.labels, ...b.labels], of),
    withoutOwn(graph, b, [...of.labels, ...a.labels], of),
  ];
}

/** A product's labels: [batch, rows, inner]·[batch, inner, columns]; `apart`, one operand's alone, before them in that one. */
interface Plan {
  readonly apart: readonly Label[];
  readonly batch: readonly Label[];
  readonly rows: readonly Label[];
  readonly inner: readonly Label[];
  readonly columns: readonly Label[];
}

/** Batch, rows and columns in the order of the result. */
function planOf(a: Labelled, b: Labelled, { labels }: Contraction): Plan {
  const inA = (label: Label): boolean => a.labels.includes(label);
  const inB = (label: Label): boolean => b.labels.includes(label);
  return {
    apart: [],
    batch: labels.filter((label) => inA(label) && inB(label)),
    inner: a.labels.filter((label) => inB(label) && !labels.includes(label)),
    rows: labels.filter((label) => inA(label) && !inB(label)),
    columns: labels.filter((label) => inB(label) && !inA(label)),
  };
}

const swapped = (plan: Plan): Plan => ({ ...plan, rows: plan.columns, columns: plan.rows });

/** All but the last of some labels of a value, in its order. */
const leading = (labels: readonly Label[], { labels: order }: Labelled): readonly Label[] =>
  order.filter((label) => labels.includes(label)).slice(0, -1);

const without = (labels: readonly Label[], others: readonly Label[]): readonly Label[] =>
  labels.filter((label) => !others.includes(label));

/** Some labels in the orders that they have in lists. */
function orders(
  labels: readonly Label[],
  lists: readonly (readonly Label[])[],
): readonly (readonly Label[])[] {
  const found = lists.map((list) => list.filter((label) => labels.includes(label)));
  return distinct(found.filter((order) => order.length === labels.length));
}

const distinct = (lists: readonly (readonly Label[])[]): readonly (readonly Label[])[] =>
  lists.filter((list, i) => !lists.slice(0, i).some((other) => other.join() === list.join()));

/** Adds up what one operand alone has, and the result has not. */
function withoutOwn(
  graph: Graph,
  { node, labels }: Labelled,
  others: readonly Label[],
  contraction: Contraction,
): Labelled {
  const axes = labels.flatMap((label, i) => (others.includes(label) ? [] : [i]));
  if (axes.length === 0) return { node, labels };
  const bare = reshape(graph, node, labels.map(contraction.lengthOf));
  return { node: sum(graph, bare, axes), labels: labels.filter((_, i) => !axes.includes(i)) };
}

function product(graph: Graph, a: Labelled, b: Labelled, plan: Plan, of: Contraction): Node {
  const { left, right } = matrices(graph, a, b, plan, of);
  const labels = [...plan.apart, ...plan.batch, ...plan.rows, ...plan.columns];
  return laidOut(graph, { node: matMul(graph, left, right), labels }, of);
}

/** Two values as matrices to multiply; the axes of a batch as one. */
function matrices(
  graph: Graph,
  a: Labelled,
  b: Labelled,
  { apart, batch, rows, inner, columns }: Plan,
  of: Contraction,
): { readonly left: Node; readonly right: Node } {
  const sized = (labels: readonly Label[]): readonly number[] =>
    labels.length === 0 ? [] : [sizeOfLabels(labels, of)];
  const matrix = (value: Labelled, first: readonly Label[], second: readonly Label[]): Node => {
    const own = apart.filter((label) => value.labels.includes(label));
    const shape = [
      ...sized(own),
      ...sized(batch),
      sizeOfLabels(first, of),
      sizeOfLabels(second, of),
    ];
    return reshape(
      graph,
      arranged(graph, value, [...own, ...batch, ...first, ...second], of),
      shape,
    );
  };
  return { left: matrix(a, rows, inner), right: matrix(b, inner, columns) };
}

/** Without anything to add up: element by element, where the result wants it. */
function outer(graph: Graph, a: Labelled, b: Labelled, of: Contraction): Node {
  const spread = (operand: Labelled): Node => spreadOver(graph, operand, of.labels, of);
  return reshape(graph, mul(graph, spread(a), spread(b)), of.shape);
}

/** A value with axes of length 1 for the labels that it does not have. */
function spreadOver(
  graph: Graph,
  operand: Labelled,
  labels: readonly Label[],
  of: Contraction,
): Node {
  const order = labels.filter((label) => operand.labels.includes(label));
  const shape = labels.map((label) => (order.includes(label) ? of.lengthOf(label) : 1));
  return reshape(graph, arranged(graph, operand, order, of), shape);
}

/** A value with its axes in another order, those of length 1 left out. */
function arranged(
  graph: Graph,
  { node, labels }: Labelled,
  order: readonly Label[],
  of: Contraction,
): Node {
  const bare = reshape(graph, node, labels.map(of.lengthOf));
  return transpose(
    graph,
    bare,
    order.map((label) => labels.indexOf(label)),
  );
}

const laidOut = (graph: Graph, value: Labelled, of: Contraction): Node =>
  reshape(graph, arranged(graph, value, of.labels, of), of.shape);
