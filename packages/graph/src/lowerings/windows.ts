import * as tf from "@tensorflow/tfjs";
import type { Graph } from "../graph.ts";
import { UnsupportedUse } from "../unsupported.ts";
import type { Node, Shape, Window } from "../node.ts";
import { reshape, slice, transpose } from "../ops/index.ts";

/** Where a window goes over its input, as tfjs places it. */
export interface Placed {
  readonly window: Window;
  readonly kernel: Shape;
  /** Lengths of the spatial axes, before and after. */
  readonly input: Shape;
  readonly output: Shape;
}

/** What describes a window in tfjs's kernels. */
export interface Sliding {
  readonly strides: number | readonly number[];
  readonly dilations?: number | readonly number[] | null;
  readonly pad: "valid" | "same" | number | tf.backend_util.ExplicitPadding;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
  readonly dataFormat?: "NHWC" | "NCHW" | "NDHWC" | "NCDHW";
}

/** A window of two spatial axes over x, or of three. */
export function placed(shape: Shape, kernel: Shape, sliding: Sliding): Placed {
  return kernel.length === 2 ? placed2d(shape, kernel, sliding) : placed3d(shape, kernel, sliding);
}

function placed2d(shape: Shape, kernel: Shape, sliding: Sliding): Placed {
  const info = tf.backend_util.computeConv2DInfo(
    shape as [number, number, number, number],
    [...kernel, channelsOf(shape, sliding), 1] as [number, number, number, number],
    sliding.strides as [number, number],
    (sliding.dilations ?? 1) as number,
    sliding.pad,
    sliding.dimRoundingMode,
    false,
    isChannelsFirst(sliding) ? "channelsFirst" : "channelsLast",
  );
  return placement(
    kernel,
    [info.inHeight, info.inWidth],
    [info.outHeight, info.outWidth],
    [info.strideHeight, info.strideWidth],
    [info.dilationHeight, info.dilationWidth],
    [info.padInfo.top, info.padInfo.left],
  );
}

function placed3d(shape: Shape, kernel: Shape, sliding: Sliding): Placed {
  const info = tf.backend_util.computeConv3DInfo(
    shape as [number, number, number, number, number],
    [...kernel, channelsOf(shape, sliding), 1] as [number, number, number, number, number],
    sliding.strides as [number, number, number],
    (sliding.dilations ?? 1) as number,
    sliding.pad as "valid" | "same",
    false,
    isChannelsFirst(sliding) ? "channelsFirst" : "channelsLast",
    sliding.dimRoundingMode,
  );
  return placement(
    kernel,
    [info.inDepth, info.inHeight, info.inWidth],
    [info.outDepth, info.outHeight, info.outWidth],
    [info.strideDepth, info.strideHeight, info.strideWidth],
    [info.dilationDepth, info.dilationHeight, info.dilationWidth],
    [info.padInfo.front, info.padInfo.top, info.padInfo.left],
  );
}

function placement(
  kernel: Shape,
  input: Shape,
  output: Shape,
  strides: Shape,
  dilations: Shape,
  padsBefore: Shape,
): Placed {
  if (padsBefore.some((amount) => amount < 0)) {
    throw new UnsupportedUse('with windows further apart than they are long and padding "same"');
  }
  // As much as the last window reaches beyond the input: less than tfjs says where it pads more than it uses.
  const padsAfter = kernel.map((size, i) =>
    Math.max(
      0,
      (output[i] - 1) * strides[i] + dilations[i] * (size - 1) + 1 - input[i] - padsBefore[i],
    ),
  );
  return { kernel, input, output, window: { strides, dilations, padsBefore, padsAfter } };
}

/** The filter of a pool has as many axes as it is given lengths; one number means a square, or a cube. */
export const kernelOf = (size: number | readonly number[], axes: number): Shape =>
  typeof size === "number" ? new Array<number>(axes).fill(size) : size;

export const isChannelsFirst = ({ dataFormat }: Pick<Sliding, "dataFormat">): boolean =>
  dataFormat === "NCHW" || dataFormat === "NCDHW";

const channelsOf = (shape: Shape, sliding: Sliding): number =>
  shape[isChannelsFirst(sliding) ? 1 : shape.length - 1];

/** [batch, …, channels] as [batch, channels, …]; of something that is so already, itself. */
export function channelsFirst(graph: Graph, x: Node, sliding: Pick<Sliding, "dataFormat">): Node {
  if (isChannelsFirst(sliding)) return x;
  const last = x.shape.length - 1;
  return transpose(graph, x, [0, last, ...spatialAxes(last - 1)]);
}

/** The way back. */
export function channelsBack(graph: Graph, x: Node, sliding: Pick<Sliding, "dataFormat">): Node {
  if (isChannelsFirst(sliding)) return x;
  return transpose(graph, x, [0, ...spatialAxes(x.shape.length - 2, 2), 1]);
}

/** `count` axes from `first` on. */
export const spatialAxes = (count: number, first = 1): readonly number[] =>
  Array.from({ length: count }, (_, i) => first + i);

/** The first entries of every spatial axis of [a, b, …]. */
export const cropped = (graph: Graph, x: Node, spatial: Shape): Node =>
  slice(
    graph,
    x,
    x.shape.map(() => 0),
    [...x.shape.slice(0, 2), ...spatial],
  );

/** [batch, channels, …] with every channel an image of its own. */
export const planes = (graph: Graph, x: Node): Node =>
  reshape(graph, x, [x.shape[0] * x.shape[1], 1, ...x.shape.slice(2)]);
