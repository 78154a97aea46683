import type { Graph } from "../graph.ts";
import { type Node, type Shape, sizeOf } from "../node.ts";
import { reshape, slice, stridesOf, transpose } from "../ops/index.ts";

/**
 * To which task every index along one axis belongs: index i to `order[⌊i / block⌋ mod order.length]`. Kept exactly from
 * op to op; that an axis is as long as there are tasks says nothing.
 *
 * `block` > 1 and repeated orders come from merged axes: [B, T, E] reshaped to [B, T·E] has blocks of E, to [B·T, E] the
 * order B times.
 */
export interface Mark {
  readonly axis: number;
  readonly block: number;
  readonly order: readonly number[];
}

/** In an order: zero for every task. */
export const NOBODY = -1;

/** The task of every index along the axis, which is `length` long. */
export const tasksAlong = ({ block, order }: Mark, length: number): readonly number[] =>
  Array.from({ length }, (_, i) => order[Math.floor(i / block) % order.length]);

/** The mark that says so of an axis, with the widest block and the shortest order. */
export function markAlong(axis: number, tasks: readonly number[]): Mark {
  const block = runsOf(tasks).reduce((gcd, { length }) => divisor(gcd, length), tasks.length);
  const blocks = tasks.filter((_, i) => i % block === 0);
  let period = 1;
  while (blocks.length % period > 0 || blocks.some((task, i) => task !== blocks[i % period])) {
    period++;
  }
  return { axis, block, order: blocks.slice(0, period) };
}

export const sameMark = (a: Mark, b: Mark): boolean =>
  a.axis === b.axis && a.block === b.block && sameTasks(a.order, b.order);

export const sameTasks = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((task, i) => task === b[i]);

/** The mark after a reshape; undefined where the new shape splits the marked axis across tasks. */
export function reshapedMark(mark: Mark, from: Shape, to: Shape): Mark | undefined {
  // In row-major order the task changes every `stride` elements, whatever the shape.
  const stride = mark.block * stridesOf(from)[mark.axis];
  const strides = stridesOf(to);
  const axis = to.findIndex(
    (size, i) =>
      size > 1 &&
      stride % strides[i] === 0 &&
      size % (mark.order.length * (stride / strides[i])) === 0,
  );
  return axis < 0 ? undefined : { ...mark, axis, block: stride / strides[axis] };
}

/** Whether the order names each of its tasks once, ascending: then its places can serve as an axis of copies. */
export const isAscending = ({ order }: Mark): boolean =>
  order.every((task, i) => task > (order[i - 1] ?? NOBODY));

/** Takes the order's places out of the marked axis, to the front: [.., repeats·n·block, ..] to [n, .., repeats·block, ..]. */
export function orderFirst(graph: Graph, x: Node, { axis, block, order }: Mark): Node {
  const { shape } = x;
  const repeats = shape[axis] / (block * order.length);
  const [before, after] = [shape.slice(0, axis), shape.slice(axis + 1)];
  const apart = [sizeOf(before), repeats, order.length, block, sizeOf(after)];
  const moved = transpose(graph, reshape(graph, x, apart), [2, 0, 1, 3, 4]);
  return reshape(graph, moved, [order.length, ...before, repeats * block, ...after]);
}

/** Neighbours that belong to one task. */
export interface Run {
  readonly task: number;
  readonly start: number;
  readonly length: number;
}

export function runsOf(tasks: readonly number[]): readonly Run[] {
  const starts = tasks.flatMap((task, i) => (i === 0 || task !== tasks[i - 1] ? [i] : []));
  return starts.map((start, i) => ({
    task: tasks[start],
    start,
    length: (starts[i + 1] ?? tasks.length) - start,
  }));
}

/** The part of a value that a run covers along an axis. */
export function sliceRun(graph: Graph, x: Node, axis: number, { start, length }: Run): Node {
  return slice(
    graph,
    x,
    x.shape.map((_, i) => (i === axis ? start : 0)),
    x.shape.map((size, i) => (i === axis ? length : size)),
  );
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}
