import { ancestors } from "../graph.ts";
import { type Node, sizeOf } from "../node.ts";

/** Guessed time of a graph, in microseconds. */
export const estimate = (outputs: readonly Node[]): number => {
  const handedOut = new Set(outputs.filter(({ op }) => op === "Concat"));
  // A Concat at the end is no copy: its parts are handed out one by one.
  return ancestors(outputs).reduce(
    (sum, node) => sum + (handedOut.has(node) ? 0 : costOf(node)),
    0,
  );
};

/** What any op costs beside its numbers. */
export const NODE = 1;
/** What an input of the graph costs. */
export const INPUT = 2;
/** Per number read or written by an op that does little else. */
export const NUMBER = 0.8e-3;
/** Multiplications with addition per microsecond, in a large product. */
const PRODUCTS = 60e3;

export function costOf(node: Node): number {
  const size = sizeOf(node.shape);
  switch (node.op) {
    case "View":
      return INPUT;
    case "Constant":
    case "Literal":
      return 0;
    case "Reshape":
      return NODE;
    case "MatMul": {
      const inner = node.inputs[0].shape[node.inputs[0].shape.length - 1];
      return NODE + (size * inner) / PRODUCTS + size * NUMBER;
    }
    case "Conv":
    case "ConvTranspose": {
      const perOutput = sizeOf(node.inputs[1].shape.slice(1));
      return NODE + (size * perOutput) / PRODUCTS + size * NUMBER;
    }
    case "Slice":
    case "Gather":
      return NODE + size * NUMBER;
    default: {
      const read = Math.max(0, ...node.inputs.map(({ shape }) => sizeOf(shape)));
      return NODE + Math.max(size, read) * NUMBER;
    }
  }
}
