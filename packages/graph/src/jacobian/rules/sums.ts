import { cumSum, matMul, mul, reshape, sum } from "../../ops/index.ts";
import { leftPadded } from "../../ops/axes.ts";
import { isAscending, orderFirst, runsOf, sliceRun, tasksAlong } from "../mark.ts";
import { stackOf } from "../representation.ts";
import { behindCopies, lifted, type Rules, withOperand } from "../rule.ts";
import { addedRows } from "./add-rows.ts";

/** Ops that add along axes. Along a marked axis no task's numbers meet another's: a diagonal falls apart without a sum. */
export const sumRules: Rules = {
  ReduceSum: {
    linear: () => true,
    mark: (node, _, mark) =>
      node.attributes.axes.includes(mark.axis)
        ? undefined
        : { ...mark, axis: mark.axis - before(node.attributes.axes, mark.axis) },
    stacked: (graph, node, _, value) => sum(graph, value, behindCopies(node.attributes.axes)),
    across: (graph, node, _, { mark, value }) => {
      const others = node.attributes.axes.filter((axis) => axis !== mark.axis);
      const rest = others.length === 0 ? value : sum(graph, value, others);
      const axis = mark.axis - before(others, mark.axis);
      if (isAscending(mark)) {
        const copies = orderFirst(graph, rest, { ...mark, axis });
        return stackOf(graph, mark.order, sum(graph, copies, [axis + 1]));
      }
      return addedRows(graph, runsOf(tasksAlong(mark, rest.shape[axis])), (run) =>
        sum(graph, sliceRun(graph, rest, axis, run), [axis]),
      );
    },
  },
  CumSum: {
    linear: () => true,
    mark: (node, _, mark) => (mark.axis === node.attributes.axis ? undefined : mark),
    stacked: (graph, node, _, value) =>
      cumSum(graph, value, { ...node.attributes, axis: node.attributes.axis + 1 }),
  },
  MatMul: {
    linear: () => true,
    mark: (node, place, mark) => {
      const { shape } = node.inputs[place];
      const axis = mark.axis + node.shape.length - shape.length;
      return mark.axis === shape.length - (place === 0 ? 1 : 2) ? undefined : { ...mark, axis };
    },
    stacked: (graph, node, place, value) => {
      const copies = reshape(graph, value, lifted(value.shape, node.shape.length));
      const other = node.inputs[1 - place];
      // Without leading axes it is one large product, not one per copy.
      const plain = reshape(graph, other, unled(other.shape));
      return place === 0 ? matMul(graph, copies, plain) : matMul(graph, plain, copies);
    },
    // out_c[m, n] = Σ_i a[m, i]·b[i, n] over the i of task c.
    across: (graph, node, place, { mark, value }) => {
      const rank = node.shape.length;
      const [a, b] = withOperand(node, place, value).map((x) =>
        reshape(graph, x, leftPadded(x.shape, rank)),
      );
      const [columns, rows] = [rank - 1, rank - 2];
      if (isAscending(mark)) {
        const [p, q] = [
          orderFirst(graph, a, { ...mark, axis: columns }),
          orderFirst(graph, b, { ...mark, axis: rows }),
        ];
        const one = p.shape[rank] === 1;
        return stackOf(graph, mark.order, one ? mul(graph, p, q) : matMul(graph, p, q));
      }
      return addedRows(graph, runsOf(tasksAlong(mark, a.shape[columns])), (run) =>
        matMul(graph, sliceRun(graph, a, columns, run), sliceRun(graph, b, rows, run)),
      );
    },
  },
};

/** How many of the axes lie before one. */
const before = (axes: readonly number[], axis: number): number =>
  axes.filter((other) => other < axis).length;

/** A matrix's shape without leading axes of length 1. */
function unled(shape: readonly number[]): readonly number[] {
  const first = shape.slice(0, -2).findIndex((size) => size !== 1);
  return shape.slice(first < 0 ? -2 : first);
}
