import { type Graph, type Node, ops, type Shape, sizeOf } from "@polytask/graph";
import { rewrite } from "./rewrite.ts";

/** Products of so few rows waste most of a device's product of matrices, which is made for tiles of 32 by 32. */
const FEW = 16;

/** So many numbers are held at once: 64 MiB. */
const ROOM = 2 ** 24;

/**
 * Inner products of rows of J, and weighted sums of them, as sums of products by elements. As products of matrices they
 * have few rows and as many columns as there are parameters, along which one processor of a device would walk alone.
 */
export const fewRows = (graph: Graph, outputs: readonly Node[]): readonly Node[] =>
  rewrite(graph, outputs, (node, inputs) => {
    if (node.op === "Gramian") return gramian(graph, inputs[0], node.attributes.axis);
    if (node.op === "MatMul" && isWeightedSum(inputs)) return weightedSum(graph, node, inputs);
    return undefined;
  });

/** [1, rows] by [rows, columns]. */
function isWeightedSum([{ shape: a }, { shape: b }]: readonly Node[]): boolean {
  return a.length === 2 && b.length === 2 && a[0] === 1 && a[1] <= FEW;
}

function weightedSum(graph: Graph, { shape }: Node, [weights, rows]: readonly Node[]): Node {
  const [count, columns] = rows.shape;
  const column = ops.reshape(graph, weights, [count, 1]);
  const sums = pieces(count, columns).map(({ from, size }) => {
    const some = ops.slice(graph, rows, [from, 0], [size, columns]);
    const by = ops.slice(graph, column, [from, 0], [size, 1]);
    return reduced(graph, ops.mul(graph, by, some), [0]);
  });
  return ops.reshape(
    graph,
    sums.reduce((a, b) => ops.add(graph, a, b)),
    shape,
  );
}

function gramian(graph: Graph, x: Node, axis: number): Node {
  const count = x.shape[axis];
  const apart = (node: Node, before: number, after: number): Node =>
    ops.reshape(graph, node, [
      ...node.shape.slice(0, axis),
      ...new Array<number>(before).fill(1),
      node.shape[axis],
      ...new Array<number>(after).fill(1),
      ...node.shape.slice(axis + 1),
    ]);
  const all = apart(x, 1, 0);
  const rows = pieces(count, sizeOf(x.shape)).map(({ from, size }) => {
    const some = ops.slice(
      graph,
      x,
      x.shape.map((_, i) => (i === axis ? from : 0)),
      x.shape.map((length, i) => (i === axis ? size : length)),
    );
    const products = ops.mul(graph, apart(some, 0, 1), all);
    const others = products.shape.flatMap((_, i) => (i === axis || i === axis + 1 ? [] : [i]));
    // The last axis by itself first: more processors have a part in it.
    const last = others.slice(-1);
    const rest = others.slice(0, -1);
    return reduced(graph, reduced(graph, products, last), rest);
  });
  return ops.concat(graph, rows, 0);
}

/** As it stands: constructors would make one sum of two. */
function reduced(graph: Graph, x: Node, axes: readonly number[]): Node {
  if (axes.length === 0) return x;
  const shape: Shape = x.shape.filter((_, i) => !axes.includes(i));
  return graph.emit("ReduceSum", [x], { axes }, shape, x.dtype);
}

/** Stretches of rows whose products with so many numbers fit into the room. */
function pieces(
  count: number,
  numbers: number,
): readonly { readonly from: number; readonly size: number }[] {
  const most = Math.max(1, Math.min(count, Math.floor(ROOM / numbers)));
  return Array.from({ length: Math.ceil(count / most) }, (_, i) => ({
    from: i * most,
    size: Math.min(most, count - i * most),
  }));
}
