import type { Value, ValueOf } from "@polytask/compiled/export";
import type { ReductionOp } from "@polytask/graph";
import type { Emitter } from "./emitter.ts";

/** A reduction whose axes disappear. */
export const reduction =
  (op: ReductionOp) =>
  (to: Emitter, { inputs: [x], attributes: { axes }, dtype }: ValueOf<ReductionOp>): string => {
    const reduce = (name: string): string => to.node(op, [name, to.int64(axes)], { keepdims: 0 });
    if (dtype !== "bool") return reduce(to.name(x));
    return to.cast(reduce(to.cast(to.name(x), "int32")), "bool");
  };

/** Where the extreme is; of equal ones the first. ONNX counts in int64. */
export const extreme = (to: Emitter, op: "ArgMax" | "ArgMin", x: Value, axis: number): string =>
  to.cast(to.node(op, [to.name(x)], { axis, keepdims: 0 }), "int32");

/** Values and int64 places of the k largest: one ONNX node for both. */
export function topK(to: Emitter, x: Value, k: number): readonly [values: string, places: string] {
  const key = `TopK ${x.id} ${k}`;
  const values = to.shared(key, () => {
    const [made, places] = to.split("TopK", [to.name(x), to.int64([k])], { axis: -1 }, 2);
    to.shared(`${key} places`, () => places);
    return made;
  });
  return [values, to.shared(`${key} places`, () => values)];
}
