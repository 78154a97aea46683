import { areFixed, type Dim, fixedDims, type Value, type ValueOf } from "@polytask/compiled/export";
import type { DType } from "@polytask/graph";
import type { Emitter } from "./emitter.ts";

/*
 * ScatterND would be the op for rows that are added up at their indices, but onnxruntime splits it over threads, and
 * loses some of the rows that meet. ScatterElements takes one after another. It wants an index for every number, and is
 * slow: 5 ns a number along the last axis, 14 along the first. A product with the one-hot matrix of the indices is
 * faster while there are few rows.
 */

/** Nanoseconds: of a number that ScatterElements adds, of one in a one-hot matrix, of one multiplication with it. */
const COST = { element: 5.5, oneHot: 1.3, product: 0.02 };

/** Above so many rows per index, two transposes of the table cost more than they save. */
const WIDE = 4;

export function scatterAdd(to: Emitter, value: ValueOf<"ScatterAdd">): string {
  const { inputs, shape, dtype } = value;
  const [indices, updates] = inputs;
  if (!areFixed(shape) || !areFixed(updates.shape)) return alongRows(to, value);
  const [rows, ...rest] = shape;
  const [count] = updates.shape;
  const width = rest.reduce((a, b) => a * b, 1);
  if (dtype === "float32" && rows * (COST.oneHot + COST.product * width) < COST.element * width) {
    const flat = to.reshape(to.name(updates), [count, width]);
    return to.reshape(to.node("MatMul", [oneHot(to, indices, rows), flat]), shape);
  }
  if (rows > WIDE * count) return alongRows(to, value);

  // Rows become columns, so that the indices run along the last axis.
  const columns = to.node("Transpose", [to.reshape(to.name(updates), [count, width])], {
    perm: [1, 0],
  });
  const { ids, kept } = within(to, indices, rows, { name: columns, mask: [1, count], dtype });
  const places = to.node("Expand", [ids, to.int64([width, count])]);
  const zeros = to.filled(0, [width, rows], dtype);
  const sums = to.node("ScatterElements", [zeros, places, kept], { axis: 1, reduction: "add" });
  return to.reshape(to.node("Transpose", [sums], { perm: [1, 0] }), shape);
}

/** 1 where an index is the row: one out of range has no such place, and adds nothing. */
function oneHot(to: Emitter, indices: Value, rows: number): string {
  return to.shared(`one-hot ${indices.id} ${rows}`, () => {
    const all = to.shared(`rows ${rows}`, () =>
      to.tensor(
        Array.from({ length: rows }, (_, i) => i),
        [rows, 1],
        "int32",
      ),
    );
    return to.cast(to.node("Equal", [to.name(indices), all]), "float32");
  });
}

/** Into the table as it lies. */
function alongRows(
  to: Emitter,
  { inputs: [indices, updates], shape, dtype }: ValueOf<"ScatterAdd">,
): string {
  const column = [indices.shape[0], ...shape.slice(1).map(() => 1)];
  const { ids, kept } = within(to, indices, shape[0], {
    name: to.name(updates),
    mask: column,
    dtype,
  });
  const places = to.node("Expand", [to.reshape(ids, column), to.int64(updates.shape)]);
  return to.node("ScatterElements", [to.filled(0, shape, dtype), places, kept], {
    axis: 0,
    reduction: "add",
  });
}

/** Indices that all are in range, and updates that are 0 where they were not. */
function within(
  to: Emitter,
  indices: Value,
  rows: Dim,
  updates: { readonly name: string; readonly mask: readonly Dim[]; readonly dtype: DType },
): { readonly ids: string; readonly kept: string } {
  const ids = to.name(indices);
  if (typeof rows === "number" && to.isChecked(indices, rows)) return { ids, kept: updates.name };
  const zero = to.scalar(0, "int32");
  const low = to.node("GreaterOrEqual", [ids, zero]);
  const high = to.node("Less", [ids, to.scalar(fixedDims([rows])[0], "int32")]);
  const inside = to.node("And", [low, high]);
  return {
    ids: to.node("Where", [inside, ids, zero]),
    kept: to.node("Where", [
      to.reshape(inside, updates.mask),
      updates.name,
      to.scalar(0, updates.dtype),
    ]),
  };
}
