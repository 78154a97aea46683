import { fixedDims, type ValueOf } from "@polytask/compiled/export";
import type { Emitter } from "./emitter.ts";

/** From so many neighbouring numbers on, a product per index before the rows' axis costs less than moving it to the front. */
const LONG = 64;

/** Inner products of rows, as products of matrices that the runtime reads turned. */
export function gramian(
  to: Emitter,
  { inputs: [x], attributes: { axis } }: ValueOf<"Gramian">,
): string {
  const shape = fixedDims(x.shape);
  const sizeOf = (axes: readonly number[]): number => axes.reduce((a, b) => a * b, 1);
  const [before, rows, behind] = [
    sizeOf(shape.slice(0, axis)),
    shape[axis],
    sizeOf(shape.slice(axis + 1)),
  ];
  const turned = (name: string, ...perm: number[]): string =>
    to.node("Transpose", [name], { perm });
  const shaped = (...as: number[]): string => to.reshape(to.name(x), as);
  const ofRows = (name: string): string => to.node("MatMul", [name, turned(name, 1, 0)]);
  if (before === 1) return ofRows(shaped(rows, behind));
  if (behind === 1) {
    const columns = shaped(before, rows);
    return to.node("MatMul", [turned(columns, 1, 0), columns]);
  }
  const all = shaped(before, rows, behind);
  if (behind < LONG) {
    return ofRows(to.reshape(turned(all, 1, 0, 2), [rows, before * behind]));
  }
  const each = to.node("MatMul", [all, turned(all, 0, 2, 1)]);
  return to.node("ReduceSum", [each, to.int64([0])], { keepdims: 0 });
}
