import { type Dim, fixedDims, type Value, type ValueOf } from "@polytask/compiled/export";
import { sameShape, type Shape } from "@polytask/graph";
import { every, formatOf, type Laid, layBack, layOut, padsOf, wide } from "./channels-last.ts";
import type { Emitter } from "./emitter.ts";
import type { Ref } from "./proto.ts";

export function conv(
  to: Emitter,
  { inputs: [data, filter], attributes, shape }: ValueOf<"Conv">,
): Ref {
  const { dilations } = attributes;
  const [, , ...kernel] = fixedDims(filter.shape);
  const three = kernel.length === 3;
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
  const parts = inGroups(to, x, data.shape[0], filter, attributes, (own, taps) =>
    to.node(`Conv${three ? 3 : 2}D`, [own, taps], {
      ...formatOf(kernel.length),
      strides: every(strides),
      dilations: every(kernel.map(() => 1)),
    }),
  );
  return layBack(to, to.concat(parts, Math.max(2, kernel.length) + 1, "float32"), shape);
}

/** The gradient of a convolution in its data: of the padded data, of which the padding is cut off. */
export function convTranspose(
  to: Emitter,
  { inputs: [data, filter], attributes, shape }: ValueOf<"ConvTranspose">,
): Ref {
  const { strides, dilations, groups, padsBefore } = attributes;
  const [, outs, ...kernel] = fixedDims(filter.shape);
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
  const sizes = to.lengths([batch, ...wide(covered, 1), outs]);
  const parts = inGroups(to, x, batch, filter, attributes, (own, taps) =>
    to.node(three ? "Conv3DBackpropInputV2" : "Conv2DBackpropInput", [sizes, taps, own], {
      ...formatOf(kernel.length),
      ...(three && { Tshape: { type: "int32" } }),
      strides: every(strides),
      dilations: every(kernel.map(() => 1)),
    }),
  );
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

/** One convolution per group of channels, each with its own part of the filter. */
function inGroups(
  to: Emitter,
  x: Laid,
  batch: Dim,
  filter: Value,
  { dilations, groups }: ValueOf<"Conv" | "ConvTranspose">["attributes"],
  convolve: (data: Ref, filter: Ref) => Ref,
): readonly Ref[] {
  const [all, ...others] = fixedDims(filter.shape);
  const rows = all / groups;
  const channels = x.channels / groups;
  return Array.from({ length: groups }, (_, g) => {
    const data = groups === 1 ? x.ref : channelsOf(to, x, batch, g * channels, channels);
    const taps =
      groups === 1
        ? to.ref(filter)
        : to.slice(
            to.ref(filter),
            [g * rows, ...others.map(() => 0)],
            [rows, ...others],
            "float32",
          );
    return convolve(data, filterOf(to, taps, [rows, ...others], dilations));
  });
}

const channelsOf = (
  to: Emitter,
  { ref, spatial }: Laid,
  batch: Dim,
  from: number,
  count: number,
): Ref => to.slice(ref, [0, ...spatial.map(() => 0), from], [batch, ...spatial, count], "float32");

/** The first so many along each spatial axis. */
const cutTo = (to: Emitter, { ref, spatial, channels }: Laid, batch: Dim, sizes: Shape): Laid => ({
  ref: sameShape(spatial, sizes)
    ? ref
    : to.slice(ref, [0, ...sizes.map(() => 0), 0], [batch, ...sizes, channels], "float32"),
  spatial: sizes,
  channels,
});

/** [out, in, …] as TensorFlow's […, in, out], with its numbers apart where the window is dilated. */
function filterOf(to: Emitter, x: Ref, shape: Shape, dilations: readonly number[]): Ref {
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
  return to.transpose(broad, [...spatial.map((_, i) => i + 2), 1, 0], "float32");
}
