import { type Dim, fixedDims, type ValueOf } from "@polytask/compiled/export";
import { sameShape, type Shape, sizeOf, type Window } from "@polytask/graph";
import { type Emitter } from "./emitter.ts";
import type { Attributes, Ref } from "./proto.ts";

/*
 * A graph's windows slide over the last axes of [batch, channels, …]; TensorFlow's, on a CPU, over those in the middle of
 * [batch, …, channels], two or three of them.
 */

type Pads = readonly (readonly [number, number])[];
const FLOAT: Attributes = { T: { type: "float32" } };

/** Data with the channels last, padded, and with a second spatial axis where there is one only. */
interface Laid {
  readonly ref: Ref;
  /** Of the spatial axes. */
  readonly spatial: Shape;
  readonly channels: number;
}

function layOut(to: Emitter, x: Ref, shape: readonly Dim[], pads: Pads, value: number): Laid {
  const [batch, ...fixed] = shape;
  const [channels, ...own] = fixedDims(fixed);
  const spatial = wide(own, 1);
  const all = wide(pads, [0, 0] as const);
  const broad = own.length === 1 ? to.reshape(x, [batch, channels, ...spatial], "float32") : x;
  const last = to.transpose(broad, [0, ...spatial.map((_, i) => i + 2), 1], "float32");
  const needed = all.some(([before, after]) => before > 0 || after > 0);
  const none = [0, 0] as const;
  return {
    ref: needed ? to.pad(last, [none, ...all, none], value, "float32") : last,
    spatial: spatial.map((size, i) => size + all[i][0] + all[i][1]),
    channels,
  };
}

/** One spatial axis is two of which the first is 1. */
const wide = <Item>(items: readonly Item[], one: Item): readonly Item[] =>
  items.length === 1 ? [one, ...items] : items;

/** Back to [batch, channels, …]. */
function layBack(to: Emitter, x: Ref, shape: readonly Dim[]): Ref {
  const axes = Math.max(2, shape.length - 2);
  const first = to.transpose(
    x,
    [0, axes + 1, ...Array.from({ length: axes }, (_, i) => i + 1)],
    "float32",
  );
  return shape.length === 3 ? to.reshape(first, shape, "float32") : first;
}

const padsOf = ({ padsBefore, padsAfter }: Window): Pads =>
  padsBefore.map((before, i) => [before, padsAfter[i]] as const);

/** Steps over batch and channels are 1. */
const every = (steps: readonly number[]): { readonly ints: readonly number[] } => ({
  ints: [1, ...wide(steps, 1), 1],
});

/** [out, in, …] or [in, out, …] as TensorFlow's […, in, out], with its numbers apart where the window is dilated. */
function filterOf(
  to: Emitter,
  x: Ref,
  shape: Shape,
  dilations: readonly number[],
  first: "out" | "in",
): { readonly ref: Ref; readonly spatial: Shape } {
  const [a, b, ...own] = shape;
  const spread = own.map((size, i) => (size - 1) * dilations[i] + 1);
  let apart = x;
  let sizes: Shape = shape;
  dilations.forEach((by, i) => {
    if (by === 1) return;
    const axis = i + 2;
    const spaced = [...sizes.slice(0, axis + 1), 1, ...sizes.slice(axis + 1)];
    const pads = spaced.map((_, j) => [0, j === axis + 1 ? by - 1 : 0] as const);
    const padded = to.pad(to.reshape(apart, spaced, "float32"), pads, 0, "float32");
    const long = sizes.map((size, j) => (j === axis ? size * by : size));
    const line = to.reshape(padded, long, "float32");
    sizes = sizes.map((size, j) => (j === axis ? spread[i] : size));
    apart = to.slice(
      line,
      sizes.map(() => 0),
      sizes,
      "float32",
    );
  });
  const spatial = wide(spread, 1);
  const broad = own.length === 1 ? to.reshape(apart, [a, b, ...spatial], "float32") : apart;
  const inner = first === "out" ? [1, 0] : [0, 1];
  return {
    ref: to.transpose(broad, [...spatial.map((_, i) => i + 2), ...inner], "float32"),
    spatial,
  };
}

export function conv(
  to: Emitter,
  { inputs: [data, filter], attributes, shape }: ValueOf<"Conv">,
): Ref {
  const { dilations, groups } = attributes;
  const [all, perGroup, ...kernel] = fixedDims(filter.shape);
  const outs = all / groups;
  const laid = layOut(to, to.ref(data), data.shape, padsOf(attributes), 0);
  // Where one axis has a single window and a stride, TensorFlow 2.21.0 takes that stride for others: there it gets none.
  const single = shape.slice(2).map((count) => count === 1);
  const strides = attributes.strides.map((by, i) => (single[i] ? 1 : by));
  const spread = kernel.map((size, i) => (size - 1) * dilations[i] + 1);
  const x = cutTo(
    to,
    laid,
    data.shape[0],
    laid.spatial.map((size, i) => (wide(single, false)[i] ? wide(spread, 1)[i] : size)),
  );
  const parts = Array.from({ length: groups }, (_, g) => {
    const own = groups === 1 ? x.ref : channelsOf(to, x, data.shape[0], g * perGroup, perGroup);
    const taps =
      groups === 1
        ? to.ref(filter)
        : to.slice(
            to.ref(filter),
            [g * outs, 0, ...kernel.map(() => 0)],
            [outs, perGroup, ...kernel],
            "float32",
          );
    const { ref } = filterOf(to, taps, [outs, perGroup, ...kernel], dilations, "out");
    const three = kernel.length === 3;
    return to.node(three ? "Conv3D" : "Conv2D", [own, ref], {
      ...FLOAT,
      strides: every(strides),
      padding: { text: "VALID" },
      data_format: { text: three ? "NDHWC" : "NHWC" },
      dilations: every(kernel.map(() => 1)),
    });
  });
  const axis = Math.max(2, kernel.length) + 1;
  return layBack(to, to.concat(parts, axis, "float32"), shape);
}

/** The first so many along each spatial axis. */
const cutTo = (to: Emitter, { ref, spatial, channels }: Laid, batch: Dim, sizes: Shape): Laid => ({
  ref: sameShape(spatial, sizes)
    ? ref
    : to.slice(ref, [0, ...sizes.map(() => 0), 0], [batch, ...sizes, channels], "float32"),
  spatial: sizes,
  channels,
});

const channelsOf = (
  to: Emitter,
  { ref, spatial }: Laid,
  batch: Dim,
  from: number,
  count: number,
): Ref => to.slice(ref, [0, ...spatial.map(() => 0), from], [batch, ...spatial, count], "float32");

/** The gradient of a convolution in its data: of the padded data, of which the padding is cut off. */
export function convTranspose(
  to: Emitter,
  { inputs: [data, filter], attributes, shape }: ValueOf<"ConvTranspose">,
): Ref {
  const { strides, dilations, groups, padsBefore } = attributes;
  const [ins, outs, ...kernel] = fixedDims(filter.shape);
  const perGroup = ins / groups;
  const [batch] = shape;
  const wanted = fixedDims(shape.slice(2));
  const x = layOut(
    to,
    to.ref(data),
    data.shape,
    wanted.map(() => [0, 0] as const),
    0,
  );
  const three = kernel.length === 3;
  const spread = kernel.map((size, i) => (size - 1) * dilations[i] + 1);
  const from = fixedDims(data.shape.slice(2));
  // What the windows cover, and as much more as is wanted behind it.
  const covered = from.map((size, i) => {
    const own = (size - 1) * strides[i] + spread[i];
    // A longer result that gives the same windows: less than another stride.
    return Math.min(Math.max(own, padsBefore[i] + wanted[i]), own + strides[i] - 1);
  });
  const parts = Array.from({ length: groups }, (_, g) => {
    const own = groups === 1 ? x.ref : channelsOf(to, x, batch, g * perGroup, perGroup);
    const taps =
      groups === 1
        ? to.ref(filter)
        : to.slice(
            to.ref(filter),
            [g * perGroup, 0, ...kernel.map(() => 0)],
            [perGroup, outs, ...kernel],
            "float32",
          );
    const { ref } = filterOf(to, taps, [perGroup, outs, ...kernel], dilations, "out");
    const sizes = to.lengths([batch, ...wide(covered, 1), outs]);
    return to.node(three ? "Conv3DBackpropInputV2" : "Conv2DBackpropInput", [sizes, ref, own], {
      ...FLOAT,
      ...(three && { Tshape: { type: "int32" } }),
      strides: every(strides),
      padding: { text: "VALID" },
      data_format: { text: three ? "NDHWC" : "NHWC" },
      dilations: every(kernel.map(() => 1)),
    });
  });
  const channels = outs * groups;
  const all = to.concat(parts, Math.max(2, kernel.length) + 1, "float32");
  // Of what lies beyond all windows the gradient is 0.
  const missing = wanted.map((size, i) => Math.max(0, padsBefore[i] + size - covered[i]));
  const none = [0, 0] as const;
  const long = missing.some((size) => size > 0)
    ? to.pad(
        all,
        [
          none,
          ...wide(
            missing.map((size) => [0, size] as const),
            none,
          ),
          none,
        ],
        0,
        "float32",
      )
    : all;
  const cut = to.slice(
    long,
    [0, ...wide(padsBefore, 0), 0],
    [batch, ...wide(wanted, 1), channels],
    "float32",
  );
  return layBack(to, cut, shape);
}

export function maxPool(to: Emitter, value: ValueOf<"MaxPool">): Ref {
  const { inputs, attributes, shape } = value;
  const laid = layOut(to, to.ref(inputs[0]), inputs[0].shape, padsOf(attributes), -Infinity);
  const largest = isDilated(attributes)
    ? slices(to, laid, value).reduce((a, b) => to.binary("Maximum", a, b, "float32"))
    : pool(to, "Max", laid, attributes);
  return layBack(to, largest, shape);
}

/** The mean of a full window, times how many are in it, by how many of those are not padding. */
export function averagePool(to: Emitter, value: ValueOf<"AveragePool">): Ref {
  const { inputs, attributes, shape } = value;
  const laid = layOut(to, to.ref(inputs[0]), inputs[0].shape, padsOf(attributes), 0);
  const full = isDilated(attributes) ? 1 : sizeOf(attributes.kernel);
  const means = isDilated(attributes)
    ? slices(to, laid, value).reduce((a, b) => to.binary("AddV2", a, b, "float32"))
    : pool(to, "Avg", laid, attributes);
  const [from, wanted] = [inputs[0].shape, shape].map((dims) => fixedDims(dims.slice(2)));
  const shares = countsOf(attributes, from, wanted).map((count) => full / count);
  if (shares.every((share) => share === 1)) return layBack(to, means, shape);
  const factors = to.literal(Float32Array.from(shares), [1, ...wide(wanted, 1), 1], "float32");
  return layBack(to, to.binary("Mul", means, factors, "float32"), shape);
}

type Pool = ValueOf<"MaxPool" | "AveragePool">;

const isDilated = ({ dilations }: Window): boolean => dilations.some((by) => by !== 1);

/** What lies under each place of the window, for all windows: TensorFlow's own pools know no dilation. */
function slices(to: Emitter, { ref, channels }: Laid, { attributes, shape }: Pool): readonly Ref[] {
  const steps = [1, ...wide(attributes.strides, 1), 1];
  const by = wide(attributes.dilations, 1);
  const sizes = [...wide(fixedDims(shape.slice(2)), 1), channels];
  const places = wide(attributes.kernel, 1).reduce<readonly (readonly number[])[]>(
    (rest, size) => rest.flatMap((place) => Array.from({ length: size }, (_, i) => [...place, i])),
    [[]],
  );
  return places.map((place) => {
    const starts = [0, ...place.map((i, axis) => i * by[axis]), 0];
    const ends = sizes.map((size, i) => starts[i + 1] + (size - 1) * steps[i + 1] + 1);
    // All of the batch, whose size may not be known.
    return to.strided(ref, starts, [0, ...ends], steps, "float32", { end: 1 });
  });
}

const pool = (
  to: Emitter,
  kind: "Max" | "Avg",
  { ref }: Laid,
  { kernel, strides }: Pool["attributes"],
): Ref => {
  const three = kernel.length === 3;
  return to.node(`${kind}Pool${three ? "3D" : ""}`, [ref], {
    ...FLOAT,
    ksize: every(kernel),
    strides: every(strides),
    padding: { text: "VALID" },
    data_format: { text: three ? "NDHWC" : "NHWC" },
  });
};

/** For every window, how many numbers in it exist. */
function countsOf(
  { kernel, strides, dilations, padsBefore }: Pool["attributes"],
  from: Shape,
  to: Shape,
): readonly number[] {
  const existing = to.map((count, axis) =>
    Array.from({ length: count }, (_, o) => {
      const start = o * strides[axis] - padsBefore[axis];
      const places = Array.from({ length: kernel[axis] }, (__, i) => start + i * dilations[axis]);
      return places.filter((place) => place >= 0 && place < from[axis]).length;
    }),
  );
  return existing.reduce<readonly number[]>(
    (rest, axis) => rest.flatMap((a) => axis.map((b) => a * b)),
    [1],
  );
}
