import { fixedDims, type ValueOf } from "@polytask/compiled/export";
import type { Window } from "@polytask/graph";
import type { Emitter } from "./emitter.ts";

export function conv(to: Emitter, { inputs: [data, filter], attributes }: ValueOf<"Conv">): string {
  return to.node("Conv", [to.name(data), to.name(filter)], {
    ...windowOf(attributes),
    group: attributes.groups,
  });
}

/** Padding at the end follows from the result's length: what the stride leaves over is output_padding. */
export function convTranspose(
  to: Emitter,
  { inputs: [data, filter], attributes, shape }: ValueOf<"ConvTranspose">,
): string {
  const { strides, dilations, padsBefore, padsAfter, groups } = attributes;
  const [from, kernel, wanted] = [data.shape, filter.shape, shape].map((s) =>
    fixedDims(s.slice(2)),
  );
  const missing = wanted.map((length, i) => {
    const covered = strides[i] * (from[i] - 1) + dilations[i] * (kernel[i] - 1) + 1;
    return length - (covered - padsBefore[i] - padsAfter[i]);
  });
  return to.node("ConvTranspose", [to.name(data), to.name(filter)], {
    strides,
    dilations,
    pads: [...padsBefore, ...padsAfter.map((pad, i) => pad + Math.max(0, -missing[i]))],
    output_padding: missing.map((length) => Math.max(0, length)),
    group: groups,
  });
}

export function pool(
  to: Emitter,
  op: "MaxPool" | "AveragePool",
  { inputs: [x], attributes }: ValueOf<"MaxPool" | "AveragePool">,
): string {
  return to.node(op, [to.name(x)], {
    ...windowOf(attributes),
    kernel_shape: attributes.kernel,
    ...(op === "AveragePool" && { count_include_pad: 0 }),
  });
}

const windowOf = ({ strides, dilations, padsBefore, padsAfter }: Window) => ({
  strides,
  dilations,
  pads: [...padsBefore, ...padsAfter],
});
