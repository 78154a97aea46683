import type * as tf from "@tensorflow/tfjs";
import type { Lowerings } from "../lowering.ts";
import type { DType } from "../node.ts";
import { sizeOf } from "../node.ts";
import {
  add,
  arithmetic,
  cast,
  concat,
  div,
  expand,
  logic,
  matMul,
  mul,
  pad,
  reduce,
  reshape,
  scale,
  scatterAdd,
  slice,
  softmax,
  stack,
  sub,
  sum,
  swapLast,
  transpose,
  unary,
  where,
} from "../ops/index.ts";
import { asArithmetic, asLogic, asUnary, axesOf, listOf, lowering, onX } from "./call.ts";

/** Element-wise kernels, shapes, reductions, products. */
export const basicLowerings: Lowerings = {
  Abs: asUnary("Abs"),
  Exp: asUnary("Exp"),
  Log: asUnary("Log"),
  Neg: asUnary("Neg"),
  Relu: asUnary("Relu"),
  Sigmoid: asUnary("Sigmoid"),
  Softplus: asUnary("Softplus"),
  Sqrt: asUnary("Sqrt"),
  Tanh: asUnary("Tanh"),
  LogicalNot: asUnary("Not"),

  Add: asArithmetic("Add"),
  Sub: asArithmetic("Sub"),
  Multiply: asArithmetic("Mul"),
  RealDiv: lowering((graph, { a, b }) =>
    div(graph, cast(graph, a, "float32"), cast(graph, b, "float32")),
  ),
  Maximum: asArithmetic("Max"),
  Minimum: asArithmetic("Min"),
  Pow: asArithmetic("Pow"),
  SquaredDifference: lowering((graph, { a, b }) => {
    const difference = sub(graph, a, b);
    return mul(graph, difference, difference);
  }),
  AddN: lowering((graph, inputs) => listOf(inputs).reduce((total, x) => add(graph, total, x))),

  Equal: asLogic("Equal"),
  Greater: asLogic("Greater"),
  GreaterEqual: asLogic("GreaterOrEqual"),
  Less: asLogic("Less"),
  LessEqual: asLogic("LessOrEqual"),
  LogicalAnd: asLogic("And"),
  LogicalOr: asLogic("Or"),
  NotEqual: lowering((graph, { a, b }) => unary(graph, "Not", logic(graph, "Equal", a, b))),
  Select: lowering((graph, { condition, t, e }) => {
    const rank = t.shape.length - condition.shape.length;
    const shape = [...condition.shape, ...new Array<number>(rank).fill(1)];
    return where(graph, reshape(graph, condition, shape), t, e);
  }),
  Step: lowering<tf.StepAttrs>((graph, { x }, { alpha }) => {
    const positive = cast(graph, logic(graph, "Greater", x, graph.constant(0)), "float32");
    return alpha === 0
      ? positive
      : where(
          graph,
          logic(graph, "Greater", x, graph.constant(0)),
          positive,
          graph.constant(alpha),
        );
  }),
  Square: onX((graph, x) => mul(graph, x, x)),
  Rsqrt: onX((graph, x) => unary(graph, "Reciprocal", unary(graph, "Sqrt", x))),

  Identity: onX((_, x) => x),
  OnesLike: onX((graph, x) => graph.constant(1, x.shape, x.dtype)),
  ZerosLike: onX((graph, x) => graph.constant(0, x.shape, x.dtype)),
  Fill: lowering<tf.FillAttrs>((graph, _, { shape, value, dtype }) =>
    graph.constant(Number(value), shape, dtype as DType),
  ),
  Cast: lowering<tf.CastAttrs>((graph, { x }, { dtype }) => cast(graph, x, dtype as DType)),

  Reshape: lowering<tf.ReshapeAttrs>((graph, { x }, { shape }) => {
    const known = sizeOf(shape.filter((size) => size !== -1));
    const rest = known === 0 ? 0 : sizeOf(x.shape) / known;
    return reshape(
      graph,
      x,
      shape.map((size) => (size === -1 ? rest : size)),
    );
  }),
  ExpandDims: lowering<tf.ExpandDimsAttrs>((graph, { input }, { dim }) => {
    const axis = dim < 0 ? dim + input.shape.length + 1 : dim;
    return reshape(graph, input, [...input.shape.slice(0, axis), 1, ...input.shape.slice(axis)]);
  }),
  Transpose: lowering<tf.TransposeAttrs>((graph, { x }, { perm }) => transpose(graph, x, perm)),
  Tile: lowering<tf.TileAttrs>((graph, { x }, { reps }) => {
    // [a, b] repeated [r, s] times is [1, a, 1, b] broadcast to [r, a, s, b].
    const apart = x.shape.flatMap((size) => [1, size]);
    const spread = x.shape.flatMap((size, i) => [reps[i], size]);
    const tiled = expand(graph, reshape(graph, x, apart), spread);
    return reshape(
      graph,
      tiled,
      x.shape.map((size, i) => size * reps[i]),
    );
  }),
  BroadcastTo: lowering<tf.BroadCastToAttrs>((graph, { x }, { shape }) => expand(graph, x, shape)),
  Concat: lowering<tf.ConcatAttrs>((graph, inputs, { axis }) => {
    const parts = listOf(inputs);
    return concat(graph, parts, axis < 0 ? axis + parts[0].shape.length : axis);
  }),
  Pack: lowering<tf.PackAttrs>((graph, inputs, { axis }) => {
    const parts = listOf(inputs);
    return stack(graph, parts, axis < 0 ? axis + parts[0].shape.length + 1 : axis);
  }),
  Unpack: lowering<tf.UnpackAttrs>((graph, { value }, { axis }) => {
    const place = axis < 0 ? axis + value.shape.length : axis;
    const shape = value.shape.map((size, i) => (i === place ? 1 : size));
    const rest = value.shape.filter((_, i) => i !== place);
    return Array.from({ length: value.shape[place] }, (_, at) => {
      const starts = value.shape.map((_size, i) => (i === place ? at : 0));
      return reshape(graph, slice(graph, value, starts, shape), rest);
    });
  }),
  SplitV: lowering<tf.SplitVAttrs>((graph, { x }, { numOrSizeSplits, axis }) => {
    const [place] = axesOf(axis, x.shape.length);
    const sizes = splitSizes(numOrSizeSplits, x.shape[place]);
    let from = 0;
    return sizes.map((size) => {
      const starts = x.shape.map((_, i) => (i === place ? from : 0));
      from += size;
      return slice(
        graph,
        x,
        starts,
        x.shape.map((whole, i) => (i === place ? size : whole)),
      );
    });
  }),
  Slice: lowering<tf.SliceAttrs>((graph, { x }, { begin, size }) => {
    const from = typeof begin === "number" ? [begin] : (begin as readonly number[]);
    const given = typeof size === "number" ? [size] : (size as readonly number[]);
    const starts = x.shape.map((_, i) => from[i] ?? 0);
    const shape = x.shape.map((whole, i) => {
      const wanted = given[i] ?? -1;
      return wanted < 0 ? whole - starts[i] : wanted;
    });
    return slice(graph, x, starts, shape);
  }),
  PadV2: lowering<tf.PadV2Attrs>((graph, { x }, { paddings, constantValue }) =>
    pad(
      graph,
      x,
      paddings.map(([before]) => before),
      paddings.map(([, after]) => after),
      constantValue,
    ),
  ),

  Sum: lowering<tf.SumAttrs & Kept>((graph, { x }, { axis, keepDims }) => {
    const axes = axesOf(axis, x.shape.length);
    // A sum of truths counts them.
    const total = sum(graph, x.dtype === "bool" ? cast(graph, x, "int32") : x, axes);
    return keepDims === true ? reshape(graph, total, keptShape(x.shape, axes)) : total;
  }),
  Mean: lowering<tf.MeanAttrs & Kept>((graph, { x }, { axis, keepDims }) => {
    const axes = axesOf(axis, x.shape.length);
    const count = sizeOf(axes.map((place) => x.shape[place]));
    const total = sum(graph, cast(graph, x, "float32"), axes);
    const mean = scale(graph, total, 1 / count);
    return keepDims === true ? reshape(graph, mean, keptShape(x.shape, axes)) : mean;
  }),
  Max: lowering<tf.MaxAttrs & Kept>((graph, { x }, { reductionIndices, keepDims }) => {
    const axes = axesOf(reductionIndices, x.shape.length);
    const top = reduce(graph, "ReduceMax", x, axes);
    return keepDims === true ? reshape(graph, top, keptShape(x.shape, axes)) : top;
  }),
  Softmax: lowering((graph, { logits }) => softmax(graph, "Softmax", logits)),
  LogSoftmax: lowering((graph, { logits }) => softmax(graph, "LogSoftmax", logits)),

  BatchMatMul: lowering<tf.BatchMatMulAttrs>((graph, { a, b }, { transposeA, transposeB }) =>
    matMul(graph, transposeA ? swapLast(graph, a) : a, transposeB ? swapLast(graph, b) : b),
  ),
  ScatterNd: lowering<tf.ScatterNdAttrs>((graph, { indices, updates }, { shape }) => {
    // Indices [n, 1]: whole rows.
    const flat = reshape(graph, indices, [sizeOf(indices.shape)]);
    return scatterAdd(graph, flat, updates, shape[0]);
  }),
  OneHot: lowering<tf.OneHotAttrs>((graph, { indices }, { depth, onValue, offValue, dtype }) => {
    const places = graph.literal(
      Array.from({ length: depth }, (_, i) => i),
      [depth],
      "int32",
    );
    const hit = logic(graph, "Equal", reshape(graph, indices, [...indices.shape, 1]), places);
    if (onValue === 1 && offValue === 0) return cast(graph, hit, dtype as DType);
    const [on, off] = [onValue, offValue].map((value) => graph.constant(value, [], dtype as DType));
    return where(graph, hit, on, off);
  }),
  Mod: asArithmetic("Mod"),
  FloorDiv: lowering((graph, { a, b }) => {
    if (a.dtype === "float32") return unary(graph, "Floor", div(graph, a, b));
    const rest = arithmetic(graph, "Mod", a, b);
    return div(graph, sub(graph, a, rest), b);
  }),
};

/** Some tfjs ops leave the kept axes to the kernel, some do it themselves. */
interface Kept {
  readonly keepDims?: boolean;
}

const keptShape = (shape: readonly number[], axes: readonly number[]): readonly number[] =>
  shape.map((size, i) => (axes.includes(i) ? 1 : size));

const splitSizes = (given: number | readonly number[], length: number): readonly number[] => {
  if (typeof given === "number") {
    return Array.from({ length: given }, () => length / given);
  }
  const known = given.filter((size) => size !== -1).reduce((a, b) => a + b, 0);
  return given.map((size) => (size === -1 ? length - known : size));
};
