import { ancestors, type Graph } from "../graph.ts";
import { type Node, type NodeOf, type Op, sizeOf } from "../node.ts";

/**
 * Turns a matrix once where a batch of products reads it turned. onnxruntime takes a Transpose of two axes into the product
 * that reads it, and then turns the matrix anew for each of the batch; it leaves one of three axes under a Reshape alone.
 *
 * The last pass: what the constructors of `ops/` make of these Reshapes is the Transpose that was there before.
 */
export function turnOnce(graph: Graph, outputs: readonly Node[]): readonly Node[] {
  const made = new Map<Node, Node>();
  const valueOf = (node: Node): Node => made.get(node) ?? node;
  for (const node of ancestors(outputs)) {
    const inputs = node.inputs.map(valueOf);
    if (node.op === "MatMul" && turnsOften(node))
      inputs[0] = turned(graph, node.inputs[0], valueOf);
    if (inputs.some((input, i) => input !== node.inputs[i]))
      made.set(node, again(graph, node, inputs));
  }
  return outputs.map(valueOf);
}

/** Fewer products than this turn a matrix as fast as it is turned before them. */
const MANY = 4;

const turnsOften = ({ inputs: [left], shape }: Node): boolean =>
  left.op === "Transpose" && left.shape.length === 2 && sizeOf(shape.slice(0, -2)) >= MANY;

function turned(
  graph: Graph,
  { inputs: [below], shape, dtype }: Node,
  valueOf: (node: Node) => Node,
): Node {
  const [rows, columns] = shape;
  const source = valueOf(below);
  const flat: readonly number[] = [1, columns, rows];
  const three =
    source.op === "View"
      ? graph.emit("View", [], source.attributes, flat, dtype)
      : graph.emit("Reshape", [source], null, flat, dtype);
  const moved = graph.emit("Transpose", [three], { perm: [0, 2, 1] }, [1, rows, columns], dtype);
  return graph.emit("Reshape", [moved], null, shape, dtype);
}

/** The same op on other operands, not simplified. */
function again(graph: Graph, node: Node, inputs: readonly Node[]): Node {
  const { op, attributes, shape, dtype } = node as NodeOf<Op>;
  return graph.emit(op, inputs, attributes, shape, dtype);
}
