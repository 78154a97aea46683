import { type DType, type Shape, sizeOf } from "@polytask/graph";

export type Values = Float32Array | Int32Array | Uint8Array;

/** Numbers in the type of a node; a copy only where the type differs. */
export function typed(values: ArrayLike<number>, dtype: DType): Values {
  if (dtype === "float32") {
    return values instanceof Float32Array ? values : Float32Array.from(values);
  }
  if (dtype === "int32") return values instanceof Int32Array ? values : Int32Array.from(values);
  return values instanceof Uint8Array ? values : Uint8Array.from(values);
}

export const stridesOf = (shape: Shape): readonly number[] =>
  shape.map((_, i) => sizeOf(shape.slice(i + 1)));

/** Strides of an operand that is broadcast to `shape`: 0 where it is repeated. */
export function broadcastStrides(operand: Shape, shape: Shape): readonly number[] {
  const own = stridesOf(operand);
  const missing = shape.length - operand.length;
  return shape.map((_, i) => (i < missing || operand[i - missing] === 1 ? 0 : own[i - missing]));
}

/** start + Σ index·stride, for every index of a shape in row-major order. */
export function places(shape: Shape, strides: readonly number[], start = 0): Int32Array {
  const result = new Int32Array(sizeOf(shape));
  if (result.length === 0) return result;
  result[0] = start;
  let filled = 1;
  // From the last axis to the first: what is there is one line along it, repeated with the axis's stride.
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const line = filled;
    for (let i = 1; i < shape[axis]; i++) {
      const shift = i * strides[axis];
      for (let j = 0; j < line; j++) result[filled++] = result[j] + shift;
    }
  }
  return result;
}

/** Lengths before an axis, along it and after it. */
export const around = (shape: Shape, axis: number): readonly [number, number, number] => [
  sizeOf(shape.slice(0, axis)),
  shape[axis],
  sizeOf(shape.slice(axis + 1)),
];
