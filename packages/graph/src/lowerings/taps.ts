import type { Graph } from "../graph.ts";
import { type Node, type Shape, sizeOf } from "../node.ts";
import {
  add,
  cast,
  logic,
  mul,
  pad,
  reshape,
  slice,
  stack,
  transpose,
  unary,
} from "../ops/index.ts";
import type { Placed } from "./windows.ts";

/** Less than any number a window may see; finite, so that 0 times it is 0. */
const LOWEST = -3e38;

/** `shared` where a tap's number is the greatest of its window and no tap's before it was, tap by tap; else 0. */
export function firstOfGreatest(
  graph: Graph,
  numbers: readonly Node[],
  greatest: Node,
  shared: Node,
): readonly Node[] {
  let seen: Node | undefined;
  return numbers.map((one) => {
    const equal = logic(graph, "Equal", one, greatest);
    const hit = seen ? logic(graph, "And", equal, unary(graph, "Not", seen)) : equal;
    seen = seen ? logic(graph, "Or", seen, equal) : equal;
    return mul(graph, cast(graph, hit, "float32"), shared);
  });
}

/** x [batch, …, channels] as each tap of a window sees it, [batch, …, channels] of the windows. */
export function taken(graph: Graph, x: Node, at: Placed): readonly Node[] {
  const { padsBefore, padsAfter, strides, dilations } = at.window;
  const padded = pad(graph, x, [0, ...padsBefore, 0], [0, ...padsAfter, 0], LOWEST);
  const shape = [x.shape[0], ...at.output, x.shape[x.shape.length - 1]];
  return places(at.kernel).map((tap) =>
    slice(graph, padded, [0, ...tap.map((place, i) => place * dilations[i]), 0], shape, [
      1,
      ...strides,
      1,
    ]),
  );
}

/**
 * Adds up what every tap is given where it was taken from. Taps are taken in blocks as large as the window's steps: the
 * numbers of one block lie side by side and meet no others, so only blocks are added.
 */
export function putBack(graph: Graph, shares: readonly Node[], at: Placed, shape: Shape): Node {
  const { strides, padsBefore } = at.window;
  const blocks = at.kernel.map((size, i) => Math.ceil(size / strides[i]));
  return places(blocks)
    .map((block) => {
      const corner = block.map((place, i) => place * strides[i]);
      const taps = places(strides).map((tap) => {
        const place = tap.map((offset, i) => corner[i] + offset);
        const inside = place.every((offset, i) => offset < at.kernel[i]);
        return inside ? shares[indexOf(place, at.kernel)] : graph.constant(0, shares[0].shape);
      });
      const offset = corner.map((from, i) => from - padsBefore[i]);
      return placed(graph, interleaved(graph, taps, strides), offset, shape);
    })
    .reduce((sum, block) => add(graph, sum, block));
}

/** One image of all taps [batch, …, channels] of a block: pixel by pixel, the taps side by side. */
function interleaved(graph: Graph, taps: readonly Node[], strides: Shape): Node {
  if (taps.length === 1) return taps[0];
  const axes = strides.length;
  const [batch, ...rest] = taps[0].shape;
  const [pixels, channels] = [rest.slice(0, -1), rest.slice(-1)];
  const together = stack(graph, taps, axes + 1);
  const apart = reshape(graph, together, [batch, ...pixels, ...strides, ...channels]);
  const order = strides.flatMap((_, i) => [1 + i, 1 + axes + i]);
  const side = transpose(graph, apart, [0, ...order, 2 * axes + 1]);
  const spatial = pixels.map((size, i) => size * strides[i]);
  return reshape(graph, side, [batch, ...spatial, ...channels]);
}

/** x at an offset in zeros of a shape; what lies outside is cut off. */
function placed(graph: Graph, x: Node, offset: readonly number[], shape: Shape): Node {
  const from = [0, ...offset.map((by) => Math.max(0, -by)), 0];
  const before = [0, ...offset.map((by) => Math.max(0, by)), 0];
  const sizes = shape.map((size, i) =>
    Math.max(0, Math.min(x.shape[i] - from[i], size - before[i])),
  );
  const after = shape.map((size, i) => size - before[i] - sizes[i]);
  return pad(graph, slice(graph, x, from, sizes), before, after);
}

/** All places in a box, the last axis running fastest. */
export const places = (box: Shape): readonly (readonly number[])[] =>
  Array.from({ length: sizeOf(box) }, (_, index) =>
    box.map((size, i) => Math.floor(index / sizeOf(box.slice(i + 1))) % size),
  );

const indexOf = (place: readonly number[], box: Shape): number =>
  place.reduce((index, at, i) => index * box[i] + at, 0);
