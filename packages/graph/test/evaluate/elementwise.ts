import { ARITHMETIC, LOGIC, type Node, UNARY } from "@polytask/graph";
import { ARITHMETIC_VALUES, LOGIC_VALUES, UNARY_VALUES } from "../../src/ops/values.ts";
import { broadcastStrides, places, type Values } from "./values.ts";

/** Ops that make each number of one number of every operand. */
export function elementwise(
  node: Node,
  operands: readonly Values[],
): ArrayLike<number> | undefined {
  const { dtype } = node;
  const mapped = (f: (...numbers: readonly number[]) => number): ArrayLike<number> => {
    const from = node.inputs.map(({ shape }) =>
      places(node.shape, broadcastStrides(shape, node.shape)),
    );
    const [a, b, c] = operands;
    const result = new Float64Array(from[0].length);
    for (let i = 0; i < result.length; i++) {
      result[i] =
        operands.length === 1
          ? f(a[from[0][i]])
          : operands.length === 2
            ? f(a[from[0][i]], b[from[1][i]])
            : f(a[from[0][i]], b[from[1][i]], c[from[2][i]]);
    }
    return result;
  };
  if (isOneOf(node.op, UNARY)) return mapped(UNARY_VALUES[node.op]);
  if (isOneOf(node.op, LOGIC)) {
    const f = LOGIC_VALUES[node.op];
    return mapped((a, b) => Number(f(a, b)));
  }
  if (isOneOf(node.op, ARITHMETIC)) {
    const f = ARITHMETIC_VALUES[node.op];
    return mapped((a, b) => f(a, b, dtype));
  }
  if (node.op === "Where") return mapped((condition, a, b) => (condition === 0 ? b : a));
  if (node.op === "Cast") {
    return mapped(dtype === "float32" ? (x) => x : dtype === "int32" ? Math.trunc : isTrue);
  }
  return undefined;
}

const isTrue = (x: number): number => Number(x !== 0);

const isOneOf = <Name extends string>(name: string, names: readonly Name[]): name is Name =>
  (names as readonly string[]).includes(name);
