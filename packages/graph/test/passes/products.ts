import { Graph, type Node, ops, type Shape, sizeOf } from "@polytask/graph";
import fc from "fast-check";

/** Numbers that decide, one after the other, what a random graph of products and moves of axes is made of. */
export const choices: fc.Arbitrary<readonly number[]> = fc.array(fc.nat(10_000), {
  minLength: 3,
  maxLength: 14,
});

const SIZES = [1, 2, 3, 4];

/** Products, sums and moves of axes on top of one another, some used twice; of so many examples, if it is of examples. */
export function products(
  chosen: readonly number[],
  examples?: number,
): {
  readonly graph: Graph;
  readonly outputs: readonly Node[];
} {
  const graph = new Graph();
  const numbers = [...chosen];
  let fresh = 0;
  const draw = (bound: number): number => {
    const number = numbers.shift() ?? 0;
    numbers.push((number * 31 + 7) % 10_007);
    return number % bound;
  };
  const leaf = (shape: Shape): Node =>
    ops.unary(graph, "Sin", graph.view("x", 97 * fresh++, shape));
  const units = [2, SIZES[draw(4)], 3];
  const values: Node[] = [
    examples === undefined
      ? leaf([SIZES[draw(4)], ...units])
      : ops.reshape(graph, ops.matMul(graph, leaf([examples, 4]), leaf([4, sizeOf(units)])), [
          examples,
          ...units,
        ]),
  ];
  const steps = chosen.length;
  for (let i = 0; i < steps; i++) {
    const x = values[draw(values.length)];
    const { shape } = x;
    const rank = shape.length;
    const kind = draw(8);
    if (kind < 2 && rank > 1) {
      // The other operand has some of the leading axes, or none.
      const lead = shape.slice(0, -2).map((size) => (draw(3) === 0 ? 1 : size));
      const other = leaf([...lead.slice(draw(lead.length + 1)), shape[rank - 1], SIZES[draw(4)]]);
      values.push(ops.matMul(graph, x, other));
    } else if (kind === 2 && rank > 1) {
      const other = leaf([...shape.slice(0, -2), SIZES[draw(4)], shape[rank - 2]]);
      values.push(ops.matMul(graph, other, x));
    } else if (kind === 3) {
      const other = leaf(shape.map((size) => (draw(2) === 0 ? 1 : size)).slice(draw(rank + 1)));
      values.push(ops.mul(graph, x, other));
    } else if (kind === 4 && rank > 2) {
      values.push(ops.sum(graph, x, [draw(rank)]));
    } else if (kind === 5) {
      const by = draw(rank + 1);
      values.push(
        ops.transpose(
          graph,
          x,
          shape.map((_, axis) => (axis + by) % rank),
        ),
      );
    } else if (kind === 6) {
      const at = draw(rank + 1);
      const to =
        draw(2) === 0 && rank > 1
          ? [shape[0] * shape[1], ...shape.slice(2)]
          : [...shape.slice(0, at), 1, ...shape.slice(at)];
      values.push(ops.reshape(graph, x, to));
    } else if (kind === 7) {
      const like = values.filter((value) => value.shape.join() === shape.join());
      values.push(
        draw(3) === 0 ? ops.unary(graph, "Relu", x) : ops.add(graph, x, like[draw(like.length)]),
      );
    }
  }
  const last = values[values.length - 1];
  return { graph, outputs: draw(2) === 0 ? [last] : [last, values[draw(values.length)]] };
}
