import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import { gradient, type Gradients } from "./config.ts";

/** Ops that move or copy numbers. */
export const spaceGradients: Gradients = {
  // tfjs 4.22 refuses five axes and more, and adds one slice per copy.
  ...gradient<tf.TileAttrs>("Tile", {
    saves: ["x"],
    of: (dy, [x], { reps }) => ({ x: () => untiled(dy, x.shape, reps) }),
  }),
  // tfjs forgets what was mirrored.
  ...gradient<tf.MirrorPadAttrs>("MirrorPad", {
    of: (dy, _, { paddings, mode }) => ({
      x: () => paddings.reduce((rest, pads, axis) => folded(rest, axis, pads, mode), dy),
    }),
  }),
  // tfjs has none of these.
  ...gradient<tf.StridedSliceAttrs>("StridedSlice", {
    saves: ["x"],
    of: (dy, [x], at) => ({ x: () => unsliced(dy, x.shape, at) }),
  }),
  ...gradient<tf.DepthToSpaceAttrs>("DepthToSpace", {
    of: (dy, _, { blockSize, dataFormat }) => ({
      input: () => spaceToDepth(dy, blockSize, dataFormat),
      x: () => spaceToDepth(dy, blockSize, dataFormat),
    }),
  }),
  ...gradient("FlipLeftRight", {
    of: (dy) => ({ image: () => tf.image.flipLeftRight(dy as tf.Tensor4D) }),
  }),
  // tfjs hands these the gradient of a single piece as it is, where they expect a list.
  ...ofPieces<tf.UnpackAttrs>("Unpack", ({ axis }, pieces) => ({
    value: () => tf.stack(pieces, axis),
  })),
  ...ofPieces<tf.SplitVAttrs>("SplitV", ({ axis }, pieces) => ({
    x: () => tf.concat(pieces, axis),
  })),
  ...gradient("Diag", {
    saves: ["x"],
    of: (dy, [x]) => ({
      x: () => {
        const square = tf.reshape(dy, [x.size, x.size]);
        return tf.reshape(tf.sum(tf.mul(square, tf.eye(x.size)), 1), x.shape);
      },
    }),
  }),
};

/** A gradient of what hands out several results. */
function ofPieces<Attributes>(
  kernelName: string,
  of: (attributes: Attributes, pieces: Tensor[]) => Record<string, () => Tensor>,
): Gradients {
  const gradFunc: tf.GradFunc = (dy, _, attributes) =>
    of(attributes as unknown as Attributes, [dy].flat());
  return { [kernelName]: { kernelName, gradFunc } };
}

/** Adds the copies up, axis by axis: some backends have ops for six axes at most. */
const untiled = (dy: Tensor, shape: readonly number[], reps: readonly number[]): Tensor =>
  reps.reduce((rest, count, axis) => {
    if (count === 1) return rest;
    const sizes = [...shape.slice(0, axis + 1), ...rest.shape.slice(axis + 1)];
    const [before, after] = [sizes.slice(0, axis), sizes.slice(axis + 1)].map(product);
    const copies = tf.reshape(rest, [before, count, shape[axis], after]);
    return tf.reshape(tf.sum(copies, 1), sizes);
  }, dy);

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

/** Adds what a mirrored border was given to the numbers that it mirrors. */
function folded(
  dy: Tensor,
  axis: number,
  [before, after]: readonly [number, number],
  mode: "reflect" | "symmetric",
): Tensor {
  const inset = mode === "reflect" ? 1 : 0;
  const length = dy.shape[axis] - before - after;
  const part = (from: number, size: number): Tensor =>
    tf.slice(
      dy,
      dy.shape.map((_, i) => (i === axis ? from : 0)),
      dy.shape.map((whole, i) => (i === axis ? size : whole)),
    );
  const placed = (border: Tensor, from: number, size: number): Tensor =>
    padded(tf.reverse(border, axis), axis, from, length - from - size);
  let sum = part(before, length);
  if (before > 0) sum = tf.add(sum, placed(part(0, before), inset, before));
  if (after > 0) {
    const border = part(before + length, after);
    sum = tf.add(sum, placed(border, length - inset - after, after));
  }
  return sum;
}

/** dy at the places it was taken from, 0 between them. */
function unsliced(dy: Tensor, shape: number[], at: tf.StridedSliceAttrs): Tensor {
  const { begin, end, strides } = tf.slice_util.sliceInfo(
    shape,
    at.begin,
    at.end,
    at.strides,
    at.beginMask,
    at.endMask,
    at.ellipsisMask,
    at.newAxisMask,
    at.shrinkAxisMask,
  );
  const lengths = begin.map((from, i) => Math.max(0, Math.ceil((end[i] - from) / strides[i])));
  if (dy.size === 0) return tf.zeros(shape);
  return shape.reduce<Tensor>(
    (rest, length, axis) => spread(rest, axis, begin[axis], strides[axis], length),
    tf.reshape(dy, lengths),
  );
}

/** x along an axis of the given length, at places from, from + step, …; 0 elsewhere. */
export function spread(
  x: Tensor,
  axis: number,
  from: number,
  step: number,
  length: number,
): Tensor {
  const count = x.shape[axis];
  if (step < 0) return spread(tf.reverse(x, axis), axis, from + step * (count - 1), -step, length);
  const behind = length - from - ((count - 1) * step + 1);
  if (step === 1) return padded(x, axis, from, behind);
  const apart = [...x.shape.slice(0, axis + 1), 1, ...x.shape.slice(axis + 1)];
  const spaced = padded(tf.reshape(x, apart), axis + 1, 0, step - 1);
  const line = tf.reshape(
    spaced,
    x.shape.map((size, i) => (i === axis ? size * step : size)),
  );
  const used = tf.slice(
    line,
    line.shape.map(() => 0),
    line.shape.map((size, i) => (i === axis ? (count - 1) * step + 1 : size)),
  );
  return padded(used, axis, from, behind);
}

const padded = (x: Tensor, axis: number, before: number, after: number): Tensor =>
  before === 0 && after === 0
    ? x
    : tf.pad(
        x,
        x.shape.map((_, i): [number, number] => (i === axis ? [before, after] : [0, 0])),
      );

function spaceToDepth(dy: Tensor, s: number, format: "NHWC" | "NCHW"): Tensor {
  if (format === "NCHW") {
    const [b, depth, h, w] = dy.shape;
    const apart = tf.reshape(dy, [b, depth, h / s, s, w / s, s]);
    const moved = tf.transpose(apart, [0, 3, 5, 1, 2, 4]);
    return tf.reshape(moved, [b, s * s * depth, h / s, w / s]);
  }
  const [b, h, w, depth] = dy.shape;
  const apart = tf.transpose(tf.reshape(dy, [b, h / s, s, w / s, s, depth]), [0, 1, 3, 2, 4, 5]);
  return tf.reshape(apart, [b, h / s, w / s, s * s * depth]);
}
