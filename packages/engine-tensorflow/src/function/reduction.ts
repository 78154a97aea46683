import type { Value, ValueOf } from "@polytask/compiled/export";
import type { ReductionOp } from "@polytask/graph";
import { type Emitter, INDICES } from "./emitter.ts";
import type { Ref } from "./proto.ts";

/** A reduction whose axes disappear; truths are reduced as whole numbers. */
export const reduction =
  (op: "Sum" | "Max" | "Min" | "Prod") =>
  (to: Emitter, { inputs: [x], attributes: { axes }, dtype }: ValueOf<ReductionOp>): Ref => {
    const type = dtype === "bool" ? "int32" : dtype;
    return to.cast(to.reduce(op, to.cast(to.ref(x), x.dtype, type), axes, type), type, dtype);
  };

/** Where the extreme is; of equal ones the first. */
export const extreme = (to: Emitter, op: "ArgMax" | "ArgMin", x: Value, axis: number): Ref =>
  to.node(op, [to.ref(x), to.scalar(axis, "int32")], {
    T: { type: x.dtype },
    ...INDICES("Tidx"),
    ...INDICES("output_type"),
  });

/** Values and places of the k largest: one node for both. */
export function topK(
  to: Emitter,
  x: Value,
  k: number,
): { readonly values: Ref; readonly indices: Ref } {
  const values = to.shared(`TopK ${x.id} ${k}`, () =>
    to.node("TopKV2", [to.ref(x), to.scalar(k, "int32")], {
      sorted: { bool: true },
      T: { type: x.dtype },
      ...INDICES("Tk"),
      ...INDICES("index_type"),
    }),
  );
  return { values, indices: { ...values, result: "indices", index: 1 } };
}
