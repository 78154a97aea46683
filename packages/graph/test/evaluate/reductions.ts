import { type Node, type ReductionOp, sizeOf } from "@polytask/graph";
import { around, places, stridesOf, type Values } from "./values.ts";

const STEPS: Readonly<Record<ReductionOp, readonly [number, (a: number, b: number) => number]>> = {
  ReduceSum: [0, (a, b) => a + b],
  ReduceProd: [1, (a, b) => a * b],
  ReduceMax: [-Infinity, (a, b) => Math.max(a, b)],
  ReduceMin: [Infinity, (a, b) => Math.min(a, b)],
};

/** Reductions over any axes. */
export function reduction(node: Node, [x]: readonly Values[]): ArrayLike<number> | undefined {
  switch (node.op) {
    case "ReduceSum":
    case "ReduceProd":
    case "ReduceMax":
    case "ReduceMin": {
      const { axes } = node.attributes;
      const [first, step] = STEPS[node.op];
      const kept = [...stridesOf(node.shape)];
      const { shape } = node.inputs[0];
      const to = places(
        shape,
        shape.map((_, i) => (axes.includes(i) ? 0 : (kept.shift() as number))),
      );
      const result = new Float64Array(sizeOf(node.shape)).fill(first);
      to.forEach((place, i) => {
        result[place] = step(result[place], x[i]);
      });
      return result;
    }
    default:
      return undefined;
  }
}

/** Ops along one axis: the function gets a line and what to write it into. */
export function rows(node: Node, [x]: readonly Values[]): ArrayLike<number> | undefined {
  const { shape } = node.inputs[0] ?? node;
  const last = shape.length - 1;
  switch (node.op) {
    case "Softmax":
    case "LogSoftmax": {
      const log = node.op === "LogSoftmax";
      return lines(x, node, last, (line) => {
        const top = Math.max(...line);
        const total = line.reduce((sum, value) => sum + Math.exp(value - top), 0);
        return line.map((value) =>
          log ? value - top - Math.log(total) : Math.exp(value - top) / total,
        );
      });
    }
    case "CumSum": {
      const { axis, exclusive, reverse } = node.attributes;
      return lines(x, node, axis, (line) => {
        const ordered = reverse ? line.toReversed() : line;
        let total = 0;
        const sums = ordered.map((value) => {
          const before = total;
          total += value;
          return exclusive ? before : total;
        });
        return reverse ? sums.toReversed() : sums;
      });
    }
    case "ArgMax":
      return lines(x, node, node.attributes.axis, (line) => [line.indexOf(Math.max(...line))]);
    case "ArgMin":
      return lines(x, node, node.attributes.axis, (line) => [line.indexOf(Math.min(...line))]);
    case "TopKValues":
    case "TopKIndices": {
      const { k } = node.attributes;
      const values = node.op === "TopKValues";
      return lines(x, node, last, (line) => {
        const order = line.map((_, i) => i).sort((i, j) => line[j] - line[i] || i - j);
        return order.slice(0, k).map((i) => (values ? line[i] : i));
      });
    }
    default:
      return undefined;
  }
}

/** Ops with int32 indices. */
export function selection(node: Node, [a, b]: readonly Values[]): ArrayLike<number> | undefined {
  const result = new Float64Array(sizeOf(node.shape));
  if (node.op === "Gather") {
    const [outer, length, inner] = around(node.inputs[0].shape, node.attributes.axis);
    for (let o = 0; o < outer; o++) {
      b.forEach((row, i) => {
        if (row < 0 || row >= length) throw new RangeError(`index ${row} of ${length} rows`);
        for (let j = 0; j < inner; j++) {
          result[(o * b.length + i) * inner + j] = a[(o * length + row) * inner + j];
        }
      });
    }
    return result;
  }
  if (node.op === "ScatterAdd") {
    const inner = sizeOf(node.shape.slice(1));
    a.forEach((row, i) => {
      if (row < 0 || row >= node.shape[0]) return;
      for (let j = 0; j < inner; j++) result[row * inner + j] += b[i * inner + j];
    });
    return result;
  }
  return undefined;
}

/** Applies a function to every line along an axis. */
function lines(
  x: Values,
  node: Node,
  axis: number,
  apply: (line: readonly number[]) => readonly number[],
): ArrayLike<number> {
  const [outer, length, inner] = around(node.inputs[0].shape, axis);
  const result = new Float64Array(sizeOf(node.shape));
  const wide = result.length / (outer * inner || 1);
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < inner; j++) {
      const line = Array.from({ length }, (_, i) => x[(o * length + i) * inner + j]);
      apply(line).forEach((value, i) => {
        result[(o * wide + i) * inner + j] = value;
      });
    }
  }
  return result;
}
