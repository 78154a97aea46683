import { type Dim, fixedDims } from "@polytask/compiled/export";
import type { Shape, Window } from "@polytask/graph";
import type { Emitter } from "./emitter.ts";
import type { Attributes, Ref } from "./proto.ts";

/*
 * A graph's windows slide over the last axes of [batch, channels, …]; TensorFlow's, on a CPU, over those in the middle of
 * [batch, …, channels], two or three of them.
 */

type Pads = readonly (readonly [number, number])[];

/** Data with the channels last, padded, and with a second spatial axis where there is one only. */
export interface Laid {
  readonly ref: Ref;
  /** Of the spatial axes. */
  readonly spatial: Shape;
  readonly channels: number;
}

export function layOut(
  to: Emitter,
  x: Ref,
  shape: readonly Dim[],
  pads: Pads,
  value: number,
): Laid {
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
export const wide = <Item>(items: readonly Item[], one: Item): readonly Item[] =>
  items.length === 1 ? [one, ...items] : items;

/** Back to [batch, channels, …]. */
export function layBack(to: Emitter, x: Ref, shape: readonly Dim[]): Ref {
  const axes = Math.max(2, shape.length - 2);
  const first = to.transpose(
    x,
    [0, axes + 1, ...Array.from({ length: axes }, (_, i) => i + 1)],
    "float32",
  );
  return shape.length === 3 ? to.reshape(first, shape, "float32") : first;
}

export const padsOf = ({ padsBefore, padsAfter }: Window): Pads =>
  padsBefore.map((before, i) => [before, padsAfter[i]] as const);

/** Steps over batch and channels are 1. */
export const every = (steps: readonly number[]): { readonly ints: readonly number[] } => ({
  ints: [1, ...wide(steps, 1), 1],
});

/** What convolutions and pools of two spatial axes or three say of their data. */
export const formatOf = (axes: number): Attributes => ({
  T: { type: "float32" },
  padding: { text: "VALID" },
  data_format: { text: axes === 3 ? "NDHWC" : "NHWC" },
});
