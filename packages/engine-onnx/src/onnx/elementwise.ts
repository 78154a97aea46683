import { sameDims, type Value, type ValueOf } from "@polytask/compiled/export";
import type { DType } from "@polytask/graph";
import type { Emitter } from "./emitter.ts";

/** Types that an ONNX op takes, the one to use for others first. */
export const FLOATS: readonly DType[] = ["float32"];
export const NUMBERS: readonly DType[] = ["int32", "float32"];
export const TRUTHS: readonly DType[] = ["bool"];
export const ALL: readonly DType[] = ["float32", "int32", "bool"];

/** Ops whose result is a truth, whatever they are given. */
const JUDGING = new Set([
  "IsNaN",
  "Not",
  "Equal",
  "Less",
  "LessOrEqual",
  "Greater",
  "GreaterOrEqual",
  "And",
  "Or",
]);

/** An ONNX op of the same meaning and the same broadcasting; other types than its own are cast, there and back. */
export const elementwise =
  (op: string, types: readonly DType[]) =>
  (to: Emitter, value: Value): string => {
    const own = value.inputs[0].dtype;
    const type = types.includes(own) ? own : types[0];
    const result = to.node(op, operands(to, value, type));
    return type === own || JUDGING.has(op) ? result : to.cast(result, value.dtype);
  };

/** Rounding ops, which leave whole numbers alone. */
export const rounding =
  (op: string) =>
  (to: Emitter, value: Value): string =>
    value.dtype === "float32" ? to.node(op, operands(to, value)) : to.name(value.inputs[0]);

/** min(1, max(0, x·most)): one pass, where Greater and Cast are two. Below 3e-39 it is not yet 1. */
export const step = (to: Emitter, value: Value): string =>
  to.node("HardSigmoid", operands(to, value), {
    alpha: { float: 3.4028234663852886e38 },
    beta: { float: 0 },
  });

/**
 * σ(x) = 1 / (1 + e⁻ˣ). ONNX Runtime's own Sigmoid is right to 6e-8 everywhere, and no better where it is small: of
 * σ(−15) = 3.1e-7 it gives 2.7e-7. A gradient σ(s) − y of a rare event is made of such numbers.
 */
export function sigmoid(to: Emitter, value: Value): string {
  const [x] = operands(to, value, "float32");
  const power = to.node("Exp", [to.node("Neg", [x])]);
  return to.node("Reciprocal", [to.node("Add", [power, to.scalar(1, "float32")])]);
}

/** The remainder with the divisor's sign: ONNX has that for whole numbers, and the dividend's for floats. */
export function mod(to: Emitter, value: ValueOf<"Mod">): string {
  if (value.dtype !== "float32") return elementwise("Mod", NUMBERS)(to, value);
  const [a, b] = operands(to, value);
  const rest = to.node("Mod", [a, b], { fmod: 1 });
  const signs = to.node("Mul", [to.node("Sign", [rest]), to.node("Sign", [b])]);
  const differ = to.node("Less", [signs, to.scalar(0, "float32")]);
  return to.node("Where", [differ, to.node("Add", [rest, b]), rest]);
}

/** onnxruntime chooses among numbers only. */
export function where(to: Emitter, value: ValueOf<"Where">): string {
  const [condition, a, b] = operands(to, value);
  if (value.dtype !== "bool") return to.node("Where", [condition, a, b]);
  const [x, y] = [a, b].map((name) => to.cast(name, "int32"));
  return to.cast(to.node("Where", [condition, x, y]), "bool");
}

/** Names of the operands. A constant is one number, which broadcasts, wherever another operand has the result's shape. */
function operands(to: Emitter, { inputs, shape }: Value, type?: DType): readonly string[] {
  const whole = inputs.some((input) => input.op !== "Constant" && sameDims(input.shape, shape));
  return inputs.map((input) => {
    if (input.op === "Constant" && whole) {
      return to.scalar(input.attributes.value, type ?? input.dtype);
    }
    const name = to.name(input);
    return type === undefined || type === input.dtype ? name : to.cast(name, type);
  });
}
