import type { Value, ValueOf } from "@polytask/compiled/export";
import type { DType } from "@polytask/graph";
import { broadcasts, type Emitter } from "./emitter.ts";
import type { Ref } from "./proto.ts";

/** Types that an op takes, the one to use for others first. */
const FLOATS: readonly DType[] = ["float32"];
const NUMBERS: readonly DType[] = ["int32", "float32"];

type Emit = (to: Emitter, value: Value) => Ref;

/** An op of TensorFlow of the same meaning and broadcasting; other types than its own are cast, there and back. */
const elementwise =
  (op: string, types: readonly DType[]): Emit =>
  (to, value) => {
    const own = value.inputs[0].dtype;
    const type = types.includes(own) ? own : types[0];
    const result = to.node(op, operands(to, value, type), { T: { type } });
    return to.cast(result, type, value.dtype);
  };

export const onFloats = (op: string): Emit => elementwise(op, FLOATS);
export const onNumbers = (op: string): Emit => elementwise(op, NUMBERS);

/** Rounding ops, which leave whole numbers alone. */
export const rounding =
  (op: string): Emit =>
  (to, value) =>
    value.dtype === "float32"
      ? to.node(op, operands(to, value), { T: { type: "float32" } })
      : to.ref(value.inputs[0]);

/** A truth about numbers. */
export const comparison =
  (op: string): Emit =>
  (to, value) => {
    const own = value.inputs[0].dtype;
    const type = own === "bool" && op !== "Equal" ? "int32" : own;
    const more = op === "Equal" ? { incompatible_shape_error: { bool: true } } : {};
    return to.node(op, operands(to, value, type), { T: { type }, ...more });
  };

export const logical =
  (op: string): Emit =>
  (to, value) =>
    to.node(op, operands(to, value, "bool"));

export const isNaN: Emit = (to, value) =>
  to.node("IsNan", operands(to, value, "float32"), { T: { type: "float32" } });

/** 1 where x > 0. */
export const step: Emit = (to, value) => {
  const [x] = operands(to, value, "float32");
  const above = to.binary("Greater", x, to.scalar(0, "float32"), "float32");
  return to.cast(above, "bool", "float32");
};

/** Whole numbers are cut towards 0. */
export const div: Emit = (to, value) =>
  elementwise(value.dtype === "int32" ? "TruncateDiv" : "RealDiv", NUMBERS)(to, value);

export const where = (to: Emitter, value: ValueOf<"Where">): Ref =>
  to.node("SelectV2", operands(to, value), { T: { type: value.dtype } });

/** The operands. A constant is one number, which broadcasts, wherever another operand has the result's shape. */
function operands(to: Emitter, value: Value, type?: DType): readonly Ref[] {
  const whole = broadcasts(value);
  return value.inputs.map((input) => {
    const dtype = type ?? input.dtype;
    if (input.op === "Constant" && whole) return to.scalar(input.attributes.value, dtype);
    return to.cast(to.ref(input), input.dtype, dtype);
  });
}
