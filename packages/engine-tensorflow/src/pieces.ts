import { type Graph, type Node, type Shape, sizeOf } from "@polytask/graph";

/** Takes products apart along their first axis, that of tasks. */
export interface Pieces {
  /** Whether a value is there in pieces already. */
  readonly has: (x: Node) => boolean;
  /** A product as many smaller ones, where that is worth it. */
  readonly product: (node: Node, inputs: readonly Node[]) => Node | undefined;
}

/** So many pieces at most take the place of a whole. */
export const FEW = 16;
/** Pieces of fewer numbers, half a MiB, are not worth it: the whole is in a processor's cache as well. */
const LARGE = 2 ** 17;
/** What goes number by number. */
const POINTWISE: ReadonlySet<string> = new Set([
  ...["Add", "Cast", "Div", "Exp", "Max", "Min", "Mul", "Neg", "Relu", "Sigmoid", "Step", "Sub"],
  ...["Tanh", "Where"],
]);

/**
 * One task after another goes through products and what lies between them, while its numbers are in the processor's cache.
 * All tasks at once, each of XLA's kernels goes through memory, and a product that reads its operand in another shape than
 * the next one has it computed once more.
 */
export function inPieces(graph: Graph): Pieces {
  /** Without the first axis, by what they are pieces of; undefined for what is not in pieces. */
  const known = new Map<Node, readonly Node[] | undefined>();
  const emit = <Of extends Node>(like: Of, inputs: readonly Node[], shape: Shape): Node =>
    graph.emit(like.op, inputs, like.attributes, shape, like.dtype);
  const shaped = (x: Node, shape: Shape): Node => graph.emit("Reshape", [x], null, shape, x.dtype);

  const piecesOf = (x: Node): readonly Node[] | undefined => {
    if (!known.has(x)) known.set(x, takenApart(x));
    return known.get(x);
  };

  const takenApart = (x: Node): readonly Node[] | undefined => {
    const [count, ...rest] = x.shape;
    if (POINTWISE.has(x.op)) {
      const isWhole = (input: Node): boolean =>
        input.shape.length === x.shape.length && input.shape[0] === count;
      if (!x.inputs.some((input) => isWhole(input) && piecesOf(input))) return undefined;
      return each(count, (i) =>
        emit(
          x,
          x.inputs.map((input) => read(input, x.shape.length, i)),
          rest,
        ),
      );
    }
    if (x.op === "Reshape") {
      const [below] = x.inputs;
      if (below.shape[0] !== count) return undefined;
      return piecesOf(below)?.map((piece) => shaped(piece, rest));
    }
    if (x.op === "Transpose" && x.attributes.perm[0] === 0) {
      const perm = x.attributes.perm.slice(1).map((axis) => axis - 1);
      return piecesOf(x.inputs[0])?.map((piece) =>
        graph.emit("Transpose", [piece], { perm }, rest, x.dtype),
      );
    }
    return undefined;
  };

  /** A piece of an operand of so many axes, or all of one that every piece reads. */
  const read = (x: Node, rank: number, i: number): Node => {
    if (x.shape.length < rank) return x;
    const [count, ...rest] = x.shape;
    if (count === 1) return shaped(x, rest);
    const piece = piecesOf(x)?.[i];
    if (piece) return piece;
    return shaped(pieceOf(graph, x, i), rest);
  };

  const batch = (node: Node, inputs: readonly Node[]): Node | undefined => {
    const { shape, dtype } = node;
    const [count, ...rest] = shape;
    if (shape.length < 3 || count < 2 || count > FEW) return undefined;
    const most = Math.max(...[node, ...inputs].map((x) => sizeOf(x.shape)));
    const goesOn = inputs.some((input) => input.shape.length === shape.length && piecesOf(input));
    if (most / count < LARGE || !(goesOn || sizeOf(rest) >= LARGE)) return undefined;
    const pieces = each(count, (i) =>
      graph.emit(
        "MatMul",
        inputs.map((x) => read(x, shape.length, i)),
        null,
        rest,
        dtype,
      ),
    );
    const parts = pieces.map((piece) => shaped(piece, [1, ...rest]));
    const whole = graph.emit("Concat", parts, { axis: 0 }, shape, dtype);
    known.set(whole, pieces);
    return whole;
  };

  /** Rows of all pieces by one matrix. */
  const rows = (node: Node, [left, right]: readonly Node[]): Node | undefined => {
    if (node.shape.length !== 2 || left.op !== "Reshape") return undefined;
    const [below] = left.inputs;
    const count = below.shape[0];
    const pieces = left.shape[0] % count === 0 ? piecesOf(below) : undefined;
    if (!pieces || sizeOf(below.shape) / count < LARGE) return undefined;
    const [height, width] = [node.shape[0] / count, node.shape[1]];
    const parts = pieces.map((piece) => {
      const own = shaped(piece, [height, left.shape[1]]);
      return graph.emit("MatMul", [own, right], null, [height, width], node.dtype);
    });
    return graph.emit("Concat", parts, { axis: 0 }, node.shape, node.dtype);
  };

  return {
    has: (x) => piecesOf(x) !== undefined,
    product: (node, inputs) => rows(node, inputs) ?? batch(node, inputs),
  };
}

/** A piece along the first axis, which it keeps. */
export const pieceOf = (graph: Graph, x: Node, i: number): Node =>
  graph.emit(
    "Slice",
    [x],
    { starts: x.shape.map((_, axis) => (axis === 0 ? i : 0)), steps: x.shape.map(() => 1) },
    [1, ...x.shape.slice(1)],
    x.dtype,
  );

const each = <Result>(count: number, make: (i: number) => Result): readonly Result[] =>
  Array.from({ length: count }, (_, i) => make(i));
