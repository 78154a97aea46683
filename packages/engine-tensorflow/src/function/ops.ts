import {
  areFixed,
  type Dim,
  fixedDims,
  plus,
  times,
  type Value,
  type ValueOf,
} from "@polytask/compiled/export";
import type { Op } from "@polytask/graph";
import { conv, convTranspose } from "./convolution.ts";
import {
  comparison,
  div,
  isNaN,
  logical,
  onFloats,
  onNumbers,
  rounding,
  step,
  where,
} from "./elementwise.ts";
import { type Emitter, INDICES } from "./emitter.ts";
import { averagePool, maxPool } from "./pooling.ts";
import { gramian, product } from "./products.ts";
import type { Ref } from "./proto.ts";
import { extreme, reduction, topK } from "./reduction.ts";

/** What a node of the graph is in TensorFlow: adds what it takes, returns the result. */
type Lowered<O extends Op> = (to: Emitter, value: ValueOf<O>) => Ref;

/** How every op of a graph becomes TensorFlow, in the order of @polytask/graph's node.ts. Views are inputs. */
export const TENSORFLOW_OPS: { readonly [O in Exclude<Op, "View">]: Lowered<O> } = {
  Abs: onNumbers("Abs"),
  Acos: onFloats("Acos"),
  Acosh: onFloats("Acosh"),
  Asin: onFloats("Asin"),
  Asinh: onFloats("Asinh"),
  Atan: onFloats("Atan"),
  Atanh: onFloats("Atanh"),
  Ceil: rounding("Ceil"),
  Cos: onFloats("Cos"),
  Cosh: onFloats("Cosh"),
  Erf: onFloats("Erf"),
  Exp: onFloats("Exp"),
  Floor: rounding("Floor"),
  IsNaN: isNaN,
  Log: onFloats("Log"),
  Neg: onNumbers("Neg"),
  Not: logical("LogicalNot"),
  Reciprocal: onFloats("Reciprocal"),
  Relu: onNumbers("Relu"),
  Round: rounding("Round"),
  Sigmoid: onFloats("Sigmoid"),
  Sign: onNumbers("Sign"),
  Sin: onFloats("Sin"),
  Sinh: onFloats("Sinh"),
  Softplus: onFloats("Softplus"),
  Sqrt: onFloats("Sqrt"),
  Step: step,
  Tan: onFloats("Tan"),
  Tanh: onFloats("Tanh"),

  Add: onNumbers("AddV2"),
  Sub: onNumbers("Sub"),
  Mul: onNumbers("Mul"),
  Div: div,
  Pow: onNumbers("Pow"),
  Max: onNumbers("Maximum"),
  Min: onNumbers("Minimum"),
  Mod: onNumbers("FloorMod"),

  Equal: comparison("Equal"),
  Less: comparison("Less"),
  LessOrEqual: comparison("LessEqual"),
  Greater: comparison("Greater"),
  GreaterOrEqual: comparison("GreaterEqual"),
  And: logical("LogicalAnd"),
  Or: logical("LogicalOr"),

  ReduceSum: reduction("Sum"),
  ReduceMax: reduction("Max"),
  ReduceMin: reduction("Min"),
  ReduceProd: reduction("Prod"),

  Constant: (to, value) => to.ref(value),
  Literal: (to, { attributes: { values }, shape, dtype }) =>
    to.literal(values, fixedDims(shape), dtype),
  Cast: (to, { inputs: [x], dtype }) => to.cast(to.ref(x), x.dtype, dtype),
  Where: where,
  Reshape: (to, { inputs: [x], shape, dtype }) => to.reshape(to.ref(x), shape, dtype),
  Transpose: (to, { inputs: [x], attributes: { perm }, dtype }) =>
    to.transpose(to.ref(x), perm, dtype),
  Expand: (to, { inputs: [x], shape, dtype }) =>
    to.node("BroadcastTo", [to.ref(x), to.lengths(shape)], {
      T: { type: dtype },
      ...INDICES("Tidx"),
    }),
  Slice: slice,
  Concat: (to, { inputs, attributes: { axis }, dtype }) =>
    to.concat(
      inputs.map((part) => to.ref(part)),
      axis,
      dtype,
    ),
  Pad: (to, { inputs: [x], attributes: { before, after, value }, dtype }) =>
    to.pad(
      to.ref(x),
      before.map((first, i) => [first, after[i]] as const),
      value,
      dtype,
    ),
  MatMul: product,
  Gramian: gramian,
  Softmax: (to, { inputs: [x] }) => to.node("Softmax", [to.ref(x)], { T: { type: "float32" } }),
  LogSoftmax: (to, { inputs: [x] }) =>
    to.node("LogSoftmax", [to.ref(x)], { T: { type: "float32" } }),
  Gather: (to, { inputs: [data, indices], attributes: { axis }, dtype }) =>
    to.node("GatherV2", [to.ref(data), to.ref(indices), to.scalar(axis, "int32")], {
      Tparams: { type: dtype },
      ...INDICES("Tindices"),
      ...INDICES("Taxis"),
      batch_dims: { int: 0 },
    }),
  ScatterAdd: scatterAdd,
  CumSum: (to, { inputs: [x], attributes: { axis, exclusive, reverse }, dtype }) =>
    to.node("Cumsum", [to.ref(x), to.scalar(axis, "int32")], {
      T: { type: dtype },
      ...INDICES("Tidx"),
      exclusive: { bool: exclusive },
      reverse: { bool: reverse },
    }),
  ArgMax: (to, { inputs: [x], attributes: { axis } }) => extreme(to, "ArgMax", x, axis),
  ArgMin: (to, { inputs: [x], attributes: { axis } }) => extreme(to, "ArgMin", x, axis),
  TopKValues: (to, { inputs: [x], attributes: { k } }) => topK(to, x, k).values,
  TopKIndices: (to, { inputs: [x], attributes: { k } }) => topK(to, x, k).indices,
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: maxPool,
  AveragePool: averagePool,
};

/** x[starts + steps·i] for i below the result's lengths. */
function slice(to: Emitter, { inputs: [x], attributes, shape, dtype }: ValueOf<"Slice">): Ref {
  const { starts, steps } = attributes;
  if (steps.every((by) => by === 1)) return to.slice(to.ref(x), starts, shape, dtype);
  if (!areFixed(starts) || !areFixed(shape)) return stretch(to, x, { starts, steps, shape });
  const ends = starts.map((from, i) => from + steps[i] * shape[i]);
  // An end before the first number would be counted from the end: it is left open instead.
  const open = ends.reduce((mask, end, i) => (end < 0 ? mask | (1 << i) : mask), 0);
  return to.strided(to.ref(x), starts, ends, steps, dtype, { end: open });
}

/** The stretch that the steps go through, then every so many of it: no end has to be known. */
function stretch(
  to: Emitter,
  x: Value,
  {
    starts,
    steps,
    shape,
  }: {
    readonly starts: readonly Dim[];
    readonly steps: readonly number[];
    readonly shape: readonly Dim[];
  },
): Ref {
  const away = shape.map((size, i) => times(plus(size, -1), steps[i]));
  const first = starts.map((start, i) => (steps[i] < 0 ? plus(start, away[i]) : start));
  const sizes = away.map((by, i) => plus(times(by, Math.sign(steps[i])), 1));
  const all = steps.map(() => 0);
  const open = 2 ** steps.length - 1;
  const whole = to.slice(to.ref(x), first, sizes, x.dtype);
  return to.strided(whole, all, all, steps, x.dtype, { begin: open, end: open });
}

/** TensorFlow leaves out what has a negative index, and refuses one beyond the rows. */
function scatterAdd(
  to: Emitter,
  { inputs: [indices, updates], shape, dtype }: ValueOf<"ScatterAdd">,
): Ref {
  const [rows] = fixedDims(shape.slice(0, 1));
  const ids = to.shared(`rows ${rows} of ${indices.id}`, () => {
    const within = to.binary("Less", to.ref(indices), to.scalar(rows, "int32"), "int32");
    const none = to.scalar(-1, "int32");
    return to.node("SelectV2", [within, to.ref(indices), none], { T: { type: "int32" } });
  });
  return to.node("UnsortedSegmentSum", [to.ref(updates), ids, to.scalar(rows, "int32")], {
    T: { type: dtype },
    ...INDICES("Tindices"),
    ...INDICES("Tnumsegments"),
  });
}
