import { ancestors, type Node } from "@polytask/graph";
import { elementwise } from "./evaluate/elementwise.ts";
import { gramian, product, windows } from "./evaluate/products.ts";
import { reduction, rows, selection } from "./evaluate/reductions.ts";
import { layout } from "./evaluate/shapes.ts";
import { typed, type Values } from "./evaluate/values.ts";

/**
 * What nodes are worth, op by op, as node.ts defines each: sums in float64, results in the node's own type.
 *
 * The plain meaning that simplifications, passes and encodings are tested against; made to be right, not fast.
 */
export function evaluate(
  outputs: readonly Node[],
  memory: (space: string) => Values,
): Promise<readonly Values[]> {
  const done = new Map<Node, Values>();
  for (const node of ancestors(outputs)) {
    const operands = node.inputs.map((input) => done.get(input) as Values);
    done.set(node, typed(compute(node, operands, memory), node.dtype));
  }
  return Promise.resolve(outputs.map((node) => done.get(node) as Values));
}

function compute(
  node: Node,
  operands: readonly Values[],
  memory: (space: string) => Values,
): ArrayLike<number> {
  if (node.op === "View") {
    const { space, at } = node.attributes;
    const size = node.shape.reduce((a, b) => a * b, 1);
    const whole = memory(space);
    if (at + size > whole.length) throw new RangeError(`${space} ends before ${at + size}`);
    return whole.subarray(at, at + size);
  }
  const found =
    elementwise(node, operands) ??
    layout(node, operands) ??
    product(node, operands) ??
    gramian(node, operands) ??
    reduction(node, operands) ??
    rows(node, operands) ??
    selection(node, operands) ??
    windows(node, operands);
  if (!found) throw new Error(`evaluate knows no ${node.op}`);
  return found;
}

export type { Values };
