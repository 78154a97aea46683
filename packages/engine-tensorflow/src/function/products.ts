import { fixedDims, type Value, type ValueOf } from "@polytask/compiled/export";
import { sizeOf } from "@polytask/graph";
import type { Emitter } from "./emitter.ts";
import type { Ref } from "./proto.ts";

/** A product; an operand that only turns its last two axes is read turned. */
export function product(to: Emitter, { inputs: [a, b], dtype }: ValueOf<"MatMul">): Ref {
  const [left, right] = [turnedOf(a), turnedOf(b)];
  return to.matMul(
    to.ref(left ?? a),
    to.ref(right ?? b),
    [a.shape.length, b.shape.length],
    [left !== undefined, right !== undefined],
    dtype,
  );
}

/** What a node is the transpose of, matrix by matrix. */
const turnedOf = (node: Value): Value | undefined =>
  node.op === "Transpose" && turnsLast(node.attributes.perm) ? node.inputs[0] : undefined;

/** Whether the last two axes change places, and no others. */
export function turnsLast(perm: readonly number[]): boolean {
  const last = perm.length - 1;
  return (
    last >= 1 &&
    perm.every((axis, i) => axis === (i === last ? last - 1 : i === last - 1 ? last : i))
  );
}

/** Inner products of the slices along an axis, as one product, or one per index before the axis. */
export function gramian(
  to: Emitter,
  { inputs: [x], attributes: { axis } }: ValueOf<"Gramian">,
): Ref {
  const shape = fixedDims(x.shape);
  const [before, rows, behind] = [
    sizeOf(shape.slice(0, axis)),
    shape[axis],
    sizeOf(shape.slice(axis + 1)),
  ];
  if (before === 1) {
    const all = to.reshape(to.ref(x), [rows, behind], "float32");
    return to.matMul(all, all, [2, 2], [false, true]);
  }
  if (behind === 1) {
    const all = to.reshape(to.ref(x), [before, rows], "float32");
    return to.matMul(all, all, [2, 2], [true, false]);
  }
  const all = to.reshape(to.ref(x), [before, rows, behind], "float32");
  const each = to.matMul(all, all, [3, 3], [false, true]);
  return to.reduce("Sum", each, [0], "float32");
}
