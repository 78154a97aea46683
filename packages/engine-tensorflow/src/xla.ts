import { rewrite } from "@polytask/compiled";
import { type Graph, type Node, ops, type Shape, sizeOf } from "@polytask/graph";
import { turnsLast } from "./function/products.ts";
import { FEW, inPieces, pieceOf, type Pieces } from "./pieces.ts";

/**
 * The same outputs in forms that XLA makes fast code of for processors. As TensorFlow's kernels like them best, its products
 * move large operands around, and its sums go number by number.
 */
export function forXla(graph: Graph, outputs: readonly Node[]): readonly Node[] {
  const pieces = inPieces(graph);
  return rewrite(graph, outputs, (node, inputs) => {
    if (node.op === "MatMul") {
      return (
        weightedSum(graph, inputs) ??
        pieces.product(node, inputs) ??
        eachByItself(graph, node, inputs)
      );
    }
    if (node.op === "Gramian") return gramian(graph, node.attributes.axis, inputs[0]);
    if (node.op === "ReduceSum") {
      return rowSums(graph, pieces, node.attributes.axes, node.shape, inputs[0]);
    }
    return undefined;
  });
}

/** Sums of so many numbers are products, too. */
const MANY = 2 ** 21;

/**
 * Sums over the last of many axes as a product with ones. XLA adds those number by number, and computes what it adds once
 * more beside the products that read it, too.
 */
function rowSums(
  graph: Graph,
  pieces: Pieces,
  axes: readonly number[],
  shape: Shape,
  x: Node,
): Node | undefined {
  const last = x.shape.length - 1;
  if (x.dtype !== "float32" || axes.length !== 1 || axes[0] !== last) return undefined;
  if (last < 3 && sizeOf(x.shape) < MANY && !pieces.has(x)) return undefined;
  const rows = sizeOf(shape);
  const matrix = ops.reshape(graph, x, [rows, x.shape[last]]);
  const ones = graph.constant(1, [x.shape[last], 1]);
  const product = graph.emit("MatMul", [matrix, ones], null, [rows, 1], x.dtype);
  return ops.reshape(graph, pieces.product(product, product.inputs) ?? product, shape);
}

/** [1, rows] by [rows, columns], for few rows, as a sum of rows: XLA's loop over their products is a slow one. */
function weightedSum(graph: Graph, [weights, rows]: readonly Node[]): Node | undefined {
  const [one, count] = weights.shape;
  if (weights.shape.length !== 2 || rows.shape.length !== 2 || one !== 1 || count > FEW)
    return undefined;
  const column = ops.reshape(graph, weights, [count, 1]);
  return Array.from({ length: count }, (_, i) =>
    ops.mul(graph, pieceOf(graph, column, i), pieceOf(graph, rows, i)),
  ).reduce((a, b) => ops.add(graph, a, b));
}

/** With so few columns, but for a single one, XLA makes a product a loop over single numbers. */
const NARROW = 3;

/** Inner products of few rows, those with one row at a time. */
function gramian(graph: Graph, axis: number, x: Node): Node | undefined {
  const count = x.shape[axis];
  if (count < 2 || count > NARROW || sizeOf(x.shape.slice(0, axis)) > 1) return undefined;
  const size = sizeOf(x.shape) / count;
  const rows = ops.reshape(graph, x, [count, size]);
  const columns = Array.from({ length: count }, (_, i) => {
    const row = ops.reshape(graph, pieceOf(graph, rows, i), [size, 1]);
    return graph.emit("MatMul", [rows, row], null, [count, 1], x.dtype);
  });
  return graph.emit("Concat", columns, { axis: 1 }, [count, count], x.dtype);
}

/** An operand of fewer numbers is moved in no time. */
const SMALL = 65_536;
/** A copy of the other operand for every product is worth it where it is so much smaller than what would be moved. */
const MUCH = 8;

/**
 * Products of a batch in which one operand is the same along an axis. XLA makes that axis a part of the other operand's
 * columns, which moves all of its numbers to other places, and the result's back.
 */
function eachByItself(graph: Graph, node: Node, inputs: readonly Node[]): Node | undefined {
  const rank = node.shape.length;
  const batch = node.shape.slice(0, -2);
  const operands = inputs.map((input) => operandOf(graph, input, rank));
  const isWhole = ({ below: { shape } }: Operand): boolean =>
    batch.every((size, axis) => shape[axis] === size);
  const narrow = operands.findIndex((operand) => !isWhole(operand));
  if (narrow < 0 || !isWhole(operands[1 - narrow])) return undefined;
  const { below } = operands[narrow];
  // All rows meet one matrix: a single product without a move.
  const [left] = operands;
  if (narrow === 1 && !left.isTurned && sizeOf(below.shape.slice(0, -2)) === 1) return undefined;

  const product = (shape: Shape, of: (operand: Operand, place: number) => Node): Node =>
    graph.emit("MatMul", operands.map(of), null, shape, node.dtype);
  const moved = sizeOf(operands[1 - narrow].below.shape);
  if (moved <= SMALL) return undefined;
  const spread = [...batch, ...below.shape.slice(-2)];
  if (sizeOf(spread) * MUCH <= moved + sizeOf(node.shape)) {
    const wide = graph.emit("Expand", [below], null, spread, below.dtype);
    return product(node.shape, (operand, place) =>
      asRead(graph, operand, place === narrow ? wide : operand.below),
    );
  }
  const [count] = batch;
  // The results are put side by side, which moves them once.
  const isWorth = sizeOf(node.shape) <= moved;
  if (!isWorth || below.shape[0] !== 1 || count === 1 || count > FEW) return undefined;
  const ones = new Array<number>(rank - inputs[narrow].shape.length).fill(1);
  // Turned before it is given its axes, it is turned once, and not in every product.
  const shape = [...ones, ...inputs[narrow].shape];
  const once = graph.emit("Reshape", [inputs[narrow]], null, shape, node.dtype);
  const parts = Array.from({ length: count }, (_, i) =>
    product([1, ...node.shape.slice(1)], (operand, place) =>
      place === narrow ? once : asRead(graph, operand, pieceOf(graph, operand.below, i)),
    ),
  );
  return graph.emit("Concat", parts, { axis: 0 }, node.shape, node.dtype);
}

/** An operand of a product, of the product's rank. */
interface Operand {
  /** Itself, or what it turns the last two axes of. */
  readonly below: Node;
  readonly isTurned: boolean;
}

function operandOf(graph: Graph, input: Node, rank: number): Operand {
  const isTurned = input.op === "Transpose" && turnsLast(input.attributes.perm);
  const below = isTurned ? input.inputs[0] : input;
  const ones = new Array<number>(rank - below.shape.length).fill(1);
  return { below: ops.reshape(graph, below, [...ones, ...below.shape]), isTurned };
}

/** What takes the place of what lies below an operand, as the product reads it. */
function asRead(graph: Graph, { isTurned }: Operand, x: Node): Node {
  if (!isTurned) return x;
  const last = x.shape.length - 1;
  const perm = x.shape.map((_, i) => (i === last ? last - 1 : i === last - 1 ? last : i));
  const shape = perm.map((axis) => x.shape[axis]);
  return graph.emit("Transpose", [x], { perm }, shape, x.dtype);
}
