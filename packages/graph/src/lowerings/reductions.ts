import type * as tf from "@tensorflow/tfjs";
import type { Graph } from "../graph.ts";
import type { Lowering, Lowerings } from "../lowering.ts";
import { type Node, type ReductionOp, sizeOf } from "../node.ts";
import { argExtreme, cast, concat, cumSum, mul, reduce, scale, slice, sum } from "../ops/index.ts";
import { axesOf, axisOf, keeping, lowering, resized } from "./call.ts";

interface Over {
  readonly axis?: number | readonly number[] | null;
  readonly keepDims?: boolean;
}

/** A reduction of `x`; truths are counted. */
const reduction = (op: ReductionOp): Lowering =>
  lowering<Over & Partial<tf.MaxAttrs>>((graph, { x }, { axis, reductionIndices, keepDims }) => {
    const axes = axesOf(reductionIndices ?? axis, x.shape.length);
    const counted = x.dtype === "bool" ? cast(graph, x, "int32") : x;
    return keeping(graph, reduce(graph, op, counted, axes), x, axes, keepDims);
  });

/** Whether any, or all, are true. */
const truth = (op: "ReduceMax" | "ReduceMin"): Lowering =>
  lowering<Over>((graph, { x }, { axis, keepDims }) => {
    const axes = axesOf(axis, x.shape.length);
    const found = cast(graph, reduce(graph, op, cast(graph, x, "int32"), axes), "bool");
    return keeping(graph, found, x, axes, keepDims);
  });

const extreme = (op: "ArgMax" | "ArgMin"): Lowering =>
  lowering<tf.ArgMaxAttrs>((graph, { x }, { axis }) =>
    argExtreme(graph, op, x, axisOf(axis, x.shape.length)),
  );

/** Many numbers of an axis in, one out; or one for each place, of those before it. */
export const reductions: Lowerings = {
  Sum: reduction("ReduceSum"),
  Prod: reduction("ReduceProd"),
  Max: reduction("ReduceMax"),
  Min: reduction("ReduceMin"),
  Any: truth("ReduceMax"),
  All: truth("ReduceMin"),
  Mean: lowering<Over>((graph, { x }, { axis, keepDims }) => {
    const axes = axesOf(axis, x.shape.length);
    const count = sizeOf(axes.map((place) => x.shape[place]));
    const total = sum(graph, cast(graph, x, "float32"), axes);
    // The mean of nothing is 0 in tfjs.
    return keeping(graph, scale(graph, total, 1 / Math.max(count, 1)), x, axes, keepDims);
  }),
  ArgMax: extreme("ArgMax"),
  ArgMin: extreme("ArgMin"),

  Cumsum: lowering<tf.CumsumAttrs>((graph, { x }, { axis, exclusive, reverse }) => {
    const counted = x.dtype === "bool" ? cast(graph, x, "int32") : x;
    return cumSum(graph, counted, { axis: axisOf(axis, x.shape.length), exclusive, reverse });
  }),
  Cumprod: lowering<tf.CumprodAttrs>((graph, { x }, { axis, exclusive, reverse }) => {
    const counted = x.dtype === "bool" ? cast(graph, x, "int32") : x;
    const place = axisOf(axis, x.shape.length);
    const start = exclusive ? shifted(graph, counted, place, 1, reverse) : counted;
    return running(graph, start, place, reverse);
  }),
};

/** Products of all up to each place, in log₂ n rounds: after round r each place holds the product of 2^r. */
function running(graph: Graph, x: Node, axis: number, reverse: boolean): Node {
  let result = x;
  for (let reach = 1; reach < x.shape[axis]; reach *= 2) {
    result = mul(graph, result, shifted(graph, result, axis, reach, reverse));
  }
  return result;
}

/** What lies `by` places before each (behind it, in reverse); 1 where nothing does. */
function shifted(graph: Graph, x: Node, axis: number, by: number, reverse: boolean): Node {
  const left = x.shape[axis] - by;
  if (left < 0) return x;
  const starts = x.shape.map((_, i) => (i === axis && reverse ? by : 0));
  const part = slice(graph, x, starts, resized(x.shape, axis, left));
  const ones = graph.constant(1, resized(x.shape, axis, by), x.dtype);
  return concat(graph, reverse ? [part, ones] : [ones, part], axis);
}
