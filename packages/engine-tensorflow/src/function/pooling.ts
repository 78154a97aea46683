import { fixedDims, type ValueOf } from "@polytask/compiled/export";
import { type Shape, sizeOf, type Window } from "@polytask/graph";
import { every, formatOf, type Laid, layBack, layOut, padsOf, wide } from "./channels-last.ts";
import type { Emitter } from "./emitter.ts";
import type { Ref } from "./proto.ts";

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
    ...formatOf(kernel.length),
    ksize: every(kernel),
    strides: every(strides),
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
