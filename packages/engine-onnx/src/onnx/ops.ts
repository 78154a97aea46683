import { fixedDims, type ValueOf } from "@polytask/compiled/export";
import type { Op } from "@polytask/graph";
import {
  ALL,
  elementwise,
  FLOATS,
  mod,
  NUMBERS,
  rounding,
  sigmoid,
  step,
  TRUTHS,
  where,
} from "./elementwise.ts";
import type { Emitter } from "./emitter.ts";
import { gramian } from "./gramian.ts";
import { extreme, reduction, topK } from "./reduction.ts";
import { scatterAdd } from "./scatter-add.ts";
import { conv, convTranspose, pool } from "./window.ts";

/** What a node of the graph is in ONNX: adds what it takes, returns the name of the result. */
type Encoding<O extends Op> = (to: Emitter, value: ValueOf<O>) => string;

/**
 * How every op of node.ts becomes ONNX, in the order of that file.
 *
 * Views become inputs or initialisers before the table is asked; constants mostly end as one number in their reader.
 */
export const ONNX_OPS: { readonly [O in Exclude<Op, "View">]: Encoding<O> } = {
  Abs: elementwise("Abs", NUMBERS),
  Acos: elementwise("Acos", FLOATS),
  Acosh: elementwise("Acosh", FLOATS),
  Asin: elementwise("Asin", FLOATS),
  Asinh: elementwise("Asinh", FLOATS),
  Atan: elementwise("Atan", FLOATS),
  Atanh: elementwise("Atanh", FLOATS),
  Ceil: rounding("Ceil"),
  Cos: elementwise("Cos", FLOATS),
  Cosh: elementwise("Cosh", FLOATS),
  Erf: elementwise("Erf", FLOATS),
  Exp: elementwise("Exp", FLOATS),
  Floor: rounding("Floor"),
  IsNaN: elementwise("IsNaN", FLOATS),
  Log: elementwise("Log", FLOATS),
  Neg: elementwise("Neg", NUMBERS),
  Not: elementwise("Not", TRUTHS),
  Reciprocal: elementwise("Reciprocal", FLOATS),
  Relu: elementwise("Relu", NUMBERS),
  Round: rounding("Round"),
  Sigmoid: sigmoid,
  Sign: elementwise("Sign", NUMBERS),
  Sin: elementwise("Sin", FLOATS),
  Sinh: elementwise("Sinh", FLOATS),
  Softplus: elementwise("Softplus", FLOATS),
  Sqrt: elementwise("Sqrt", FLOATS),
  Step: step,
  Tan: elementwise("Tan", FLOATS),
  Tanh: elementwise("Tanh", FLOATS),

  Add: elementwise("Add", NUMBERS),
  Sub: elementwise("Sub", NUMBERS),
  Mul: elementwise("Mul", NUMBERS),
  Div: elementwise("Div", NUMBERS),
  Pow: elementwise("Pow", NUMBERS),
  Max: elementwise("Max", NUMBERS),
  Min: elementwise("Min", NUMBERS),
  Mod: mod,

  Equal: elementwise("Equal", ALL),
  Less: elementwise("Less", NUMBERS),
  LessOrEqual: elementwise("LessOrEqual", NUMBERS),
  Greater: elementwise("Greater", NUMBERS),
  GreaterOrEqual: elementwise("GreaterOrEqual", NUMBERS),
  And: elementwise("And", TRUTHS),
  Or: elementwise("Or", TRUTHS),

  ReduceSum: reduction("ReduceSum"),
  ReduceMax: reduction("ReduceMax"),
  ReduceMin: reduction("ReduceMin"),
  ReduceProd: reduction("ReduceProd"),

  Constant: (to, value) => to.name(value),
  Literal: (to, { attributes: { values }, shape, dtype }) =>
    to.tensor(values, fixedDims(shape), dtype),
  Cast: (to, { inputs: [x], dtype }) => to.cast(to.name(x), dtype),
  Where: where,
  Reshape: (to, { inputs: [x], shape }) => to.reshape(to.name(x), shape),
  Transpose: (to, { inputs: [x], attributes: { perm } }) =>
    to.node("Transpose", [to.name(x)], { perm }),
  Expand: (to, { inputs: [x], shape }) => to.node("Expand", [to.name(x), to.int64(shape)]),
  Slice: (to, { inputs: [x], attributes: { starts, steps }, shape }) =>
    to.slice(to.name(x), x.shape, { starts, shape, steps }),
  Concat: (to, { inputs, attributes: { axis } }) =>
    to.node(
      "Concat",
      inputs.map((part) => to.name(part)),
      { axis },
    ),
  Pad: (to, { inputs: [x], attributes: { before, after, value } }) =>
    to.node("Pad", [to.name(x), to.int64([...before, ...after]), to.scalar(value, x.dtype)]),
  MatMul: (to, { inputs: [a, b] }) => to.node("MatMul", [to.name(a), to.name(b)]),
  Gramian: gramian,
  Softmax: (to, { inputs: [x] }) => to.node("Softmax", [to.name(x)], { axis: -1 }),
  LogSoftmax: (to, { inputs: [x] }) => to.node("LogSoftmax", [to.name(x)], { axis: -1 }),
  Gather: (to, { inputs: [data, indices], attributes: { axis } }) =>
    to.node("Gather", [to.name(data), to.name(indices)], { axis }),
  ScatterAdd: scatterAdd,
  CumSum: (to, { inputs: [x], attributes: { axis, exclusive, reverse } }) =>
    to.node("CumSum", [to.name(x), to.int64([axis])], {
      exclusive: Number(exclusive),
      reverse: Number(reverse),
    }),
  ArgMax: (to, { inputs: [x], attributes: { axis } }) => extreme(to, "ArgMax", x, axis),
  ArgMin: (to, { inputs: [x], attributes: { axis } }) => extreme(to, "ArgMin", x, axis),
  TopKValues: (to, { inputs: [x], attributes: { k } }) => topK(to, x, k)[0],
  TopKIndices: (to, { inputs: [x], attributes: { k } }) => to.cast(topK(to, x, k)[1], "int32"),
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: (to, value) => pool(to, "MaxPool", value),
  AveragePool: (to, value) => pool(to, "AveragePool", value),
};
