import { gather, pad, reshape, scatterAdd, slice, transpose } from "../../ops/index.ts";
import { markAlong, NOBODY, reshapedMark, runsOf, sliceRun, tasksAlong } from "../mark.ts";
import { behindCopies, type Rules } from "../rule.ts";
import { addedRows } from "./add-rows.ts";

/** Ops that move numbers. */
export const layoutRules: Rules = {
  Reshape: {
    linear: () => true,
    mark: (node, _, mark) => reshapedMark(mark, node.inputs[0].shape, node.shape),
    stacked: (graph, node, _, value) => reshape(graph, value, [value.shape[0], ...node.shape]),
    apart: true,
  },
  Transpose: {
    linear: () => true,
    mark: (node, _, mark) => ({ ...mark, axis: node.attributes.perm.indexOf(mark.axis) }),
    stacked: (graph, node, _, value) =>
      transpose(graph, value, [0, ...behindCopies(node.attributes.perm)]),
  },
  Slice: {
    linear: () => true,
    mark: (node, _, mark) => {
      const { axis } = mark;
      const { starts, steps } = node.attributes;
      const length = node.inputs[0].shape[axis];
      if (node.shape[axis] === length && steps[axis] === 1) return mark;
      const tasks = tasksAlong(mark, length);
      const taken = Array.from(
        { length: node.shape[axis] },
        (_element, i) => tasks[starts[axis] + i * steps[axis]],
      );
      return markAlong(axis, taken);
    },
    stacked: (graph, node, _, value) => {
      const { starts, steps } = node.attributes;
      return slice(graph, value, [0, ...starts], [value.shape[0], ...node.shape], [1, ...steps]);
    },
    apart: true,
  },
  Pad: {
    linear: (node) => node.attributes.value === 0,
    mark: (node, _, mark) => {
      const { axis } = mark;
      const [before, after] = [node.attributes.before[axis], node.attributes.after[axis]];
      if (before === 0 && after === 0) return mark;
      const nobody = (count: number): readonly number[] => new Array<number>(count).fill(NOBODY);
      const tasks = tasksAlong(mark, node.inputs[0].shape[axis]);
      return markAlong(axis, [...nobody(before), ...tasks, ...nobody(after)]);
    },
    stacked: (graph, node, _, value) => {
      const { before, after } = node.attributes;
      return pad(graph, value, [0, ...before], [0, ...after]);
    },
  },
  Gather: {
    linear: (_, place) => place === 0,
    mark: (node, _, mark) => {
      const { axis } = node.attributes;
      if (mark.axis === axis) return undefined;
      const gained = node.inputs[1].shape.length - 1;
      return mark.axis < axis ? mark : { ...mark, axis: mark.axis + gained };
    },
    stacked: (graph, node, _, value) =>
      gather(graph, value, node.inputs[1], node.attributes.axis + 1),
  },
  ScatterAdd: {
    linear: (_, place) => place === 1,
    mark: (_node, _, mark) => (mark.axis === 0 ? undefined : mark),
    // The copies go behind the scattered axis: every row that is added is then longer, and the indices stay as they are.
    stacked: (graph, node, _, value) => {
      const rest = value.shape.slice(2).map((_size, i) => i + 2);
      const swapped = [1, 0, ...rest];
      const behind = transpose(graph, value, swapped);
      const total = scatterAdd(graph, node.inputs[0], behind, node.shape[0]);
      return transpose(graph, total, swapped);
    },
    // Every task's updates are scattered by themselves, if they lie together.
    across: (graph, node, _, { mark, value }) => {
      const runs = runsOf(tasksAlong(mark, value.shape[0]));
      if (runs.length > mark.order.length) return undefined;
      return addedRows(graph, runs, (run) => {
        const indices = sliceRun(graph, node.inputs[0], 0, run);
        return scatterAdd(graph, indices, sliceRun(graph, value, 0, run), node.shape[0]);
      });
    },
  },
};
