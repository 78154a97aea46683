import type * as tf from "@tensorflow/tfjs";
import type { Lowerings } from "../lowering.ts";
import { sizeOf } from "../node.ts";
import { cast, logic, reshape, where } from "../ops/index.ts";
import { counting, dtypeOf, lowering, onX } from "./call.ts";

/** Tensors that depend on shapes and known numbers alone, or nearly. */
export const literals: Lowerings = {
  OnesLike: onX((graph, x) => graph.constant(1, x.shape, x.dtype)),
  ZerosLike: onX((graph, x) => graph.constant(0, x.shape, x.dtype)),
  Fill: lowering<tf.FillAttrs>((graph, _, { shape, value, dtype }) =>
    graph.constant(Number(value), shape, dtypeOf(dtype)),
  ),
  Range: lowering<tf.RangeAttrs>((graph, _, { start, stop, step, dtype }) => {
    const stride = stop < start && step === 1 ? -1 : step;
    const towards = stop > start === stride > 0;
    const length = start === stop || !towards ? 0 : Math.ceil((stop - start) / stride);
    const values = Array.from({ length }, (__, i) => start + i * stride);
    return graph.literal(values, [length], dtype);
  }),
  LinSpace: lowering<tf.LinSpaceAttrs>((graph, _, { start, stop, num }) => {
    const values = Array.from({ length: num }, (__, i) =>
      num === 1 ? start : start + (i * (stop - start)) / (num - 1),
    );
    return graph.literal(values, [num]);
  }),

  OneHot: lowering<tf.OneHotAttrs>((graph, { indices }, { depth, onValue, offValue, dtype }) => {
    const rows = reshape(graph, indices, [...indices.shape, 1]);
    const hit = logic(graph, "Equal", rows, counting(graph, depth));
    if (onValue === 1 && offValue === 0) return cast(graph, hit, dtypeOf(dtype));
    const [on, off] = [onValue, offValue].map((value) => graph.constant(value, [], dtypeOf(dtype)));
    return where(graph, hit, on, off);
  }),
  Diag: onX((graph, x) => {
    const size = sizeOf(x.shape);
    const places = counting(graph, size);
    const onDiagonal = logic(graph, "Equal", reshape(graph, places, [size, 1]), places);
    const row = reshape(graph, x, [1, size]);
    const square = where(graph, onDiagonal, row, graph.constant(0, [], x.dtype));
    return reshape(graph, square, [...x.shape, ...x.shape]);
  }),
};
