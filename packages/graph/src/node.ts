/** Element types of a graph; `bool` holds 0 and 1. */
export type DType = "float32" | "int32" | "bool";

export type Shape = readonly number[];

/** One value per element: out[i] = f(x[i]). */
export const UNARY = [
  "Abs",
  "Acos",
  "Acosh",
  "Asin",
  "Asinh",
  "Atan",
  "Atanh",
  "Ceil",
  "Cos",
  "Cosh",
  "Erf",
  "Exp",
  "Floor",
  "IsNaN",
  "Log",
  "Neg",
  "Not",
  "Reciprocal",
  "Relu",
  "Round",
  "Sigmoid",
  "Sign",
  "Sin",
  "Sinh",
  "Softplus",
  "Sqrt",
  // 1 where x > 0, else 0; of a float.
  "Step",
  "Tan",
  "Tanh",
] as const;
export type UnaryOp = (typeof UNARY)[number];

/** One value per pair of elements, operands broadcast as in numpy. */
export const ARITHMETIC = ["Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Mod"] as const;
export type ArithmeticOp = (typeof ARITHMETIC)[number];

/** The same with a bool out. */
export const LOGIC = [
  "Equal",
  "Less",
  "LessOrEqual",
  "Greater",
  "GreaterOrEqual",
  "And",
  "Or",
] as const;
export type LogicOp = (typeof LOGIC)[number];

export const REDUCTIONS = ["ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd"] as const;
export type ReductionOp = (typeof REDUCTIONS)[number];

/** Windows that slide over the last axes of [batch, channels, …]. */
export interface Window {
  readonly strides: readonly number[];
  /** Zeros (for a maximum: −∞) before the first element of every spatial axis, and after the last. */
  readonly padsBefore: readonly number[];
  readonly padsAfter: readonly number[];
  readonly dilations: readonly number[];
}

/** What an op needs to know beside its operands; shape and dtype of the result are on the node. */
export interface Attributes
  extends
    Record<UnaryOp | ArithmeticOp | LogicOp, null>,
    Record<ReductionOp, { readonly axes: readonly number[] }> {
  /** A piece of one of the step's memories, from element `at`; contiguous. Every input and parameter is one. */
  readonly View: { readonly space: string; readonly at: number };
  /** The same number everywhere. */
  readonly Constant: { readonly value: number };
  /** Numbers known when the graph was made. */
  readonly Literal: { readonly values: Float32Array | Int32Array | Uint8Array };
  readonly Cast: null;
  /** (condition, a, b), broadcast. */
  readonly Where: null;
  readonly Reshape: null;
  readonly Transpose: { readonly perm: readonly number[] };
  /** Broadcast to the node's shape. */
  readonly Expand: null;
  readonly Slice: { readonly starts: readonly number[]; readonly steps: readonly number[] };
  readonly Concat: { readonly axis: number };
  readonly Pad: {
    readonly before: readonly number[];
    readonly after: readonly number[];
    readonly value: number;
  };
  /** [..., m, k]·[..., k, n], leading axes broadcast. */
  readonly MatMul: null;
  /** Inner products [n, n] of the n slices along an axis; passes leave it whole, so that nothing needs its operand at once. */
  readonly Gramian: { readonly axis: number };
  /** Over the last axis. */
  readonly Softmax: null;
  readonly LogSoftmax: null;
  /** (data, int32 indices): the indices' axes in place of `axis`. */
  readonly Gather: { readonly axis: number };
  /** (int32 indices [n], updates [n, …]) added into zeros [rows, …]; an index out of range adds nothing. */
  readonly ScatterAdd: null;
  readonly CumSum: {
    readonly axis: number;
    readonly exclusive: boolean;
    readonly reverse: boolean;
  };
  readonly ArgMax: { readonly axis: number };
  readonly ArgMin: { readonly axis: number };
  /** The k largest of the last axis, in falling order: values, or their int32 places. */
  readonly TopKValues: { readonly k: number };
  readonly TopKIndices: { readonly k: number };
  /** Cross-correlation: data [batch, in, …], filter [out, in/groups, …]. */
  readonly Conv: Window & { readonly groups: number };
  /** Its transpose in the data: data [batch, in, …], filter [in, out/groups, …]; the node's shape decides the output's. */
  readonly ConvTranspose: Window & { readonly groups: number };
  readonly MaxPool: Window & { readonly kernel: readonly number[] };
  /** Mean over the part of the window that is not padding. */
  readonly AveragePool: Window & { readonly kernel: readonly number[] };
}

export type Op = keyof Attributes;

/** One value of a graph. Equal nodes of one graph are one object; ids are in topological order. */
export type Node = { readonly [O in Op]: NodeOf<O> }[Op];

export interface NodeOf<O extends Op> {
  readonly id: number;
  readonly op: O;
  readonly inputs: readonly Node[];
  readonly attributes: Attributes[O];
  readonly shape: Shape;
  readonly dtype: DType;
}

export const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((axis, i) => axis === b[i]);

/** The shape to which operands broadcast. */
export function broadcast(...shapes: readonly Shape[]): Shape {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    let result = 1;
    for (const shape of shapes) {
      const axis = shape[i - rank + shape.length] ?? 1;
      if (axis === 1) continue;
      if (result !== 1 && result !== axis) {
        throw new RangeError(
          `shapes ${shapes.map((s) => `[${s.join(", ")}]`).join(" and ")} do not broadcast`,
        );
      }
      result = axis;
    }
    return result;
  });
}
