import {
  type ArithmeticOp,
  broadcast,
  type DType,
  type LogicOp,
  type Node,
  type Op,
  ops,
  type ReductionOp,
  type UnaryOp,
  type Window,
} from "@polytask/graph";
import type { Drawing } from "./drawing.ts";

/**
 * A random node of every op, unsimplified: `emit` itself, or the ops' constructors where these only work out the shape.
 * Values keep away from poles and jumps, where a rounding error decides.
 */
export const CASES: { readonly [O in Op]: (d: Drawing) => Node } = {
  Abs: unary("Abs", "int32"),
  Acos: unary("Acos", [-1, 1]),
  Acosh: unary("Acosh", [1, 9]),
  Asin: unary("Asin", [-1, 1]),
  Asinh: unary("Asinh"),
  Atan: unary("Atan"),
  Atanh: (d) => unaryOf(d, "Atanh", ops.scale(d.graph, d.input(d.shape(), "float32", -1, 1), 0.9)),
  Ceil: unary("Ceil", "int32"),
  Cos: unary("Cos"),
  Cosh: unary("Cosh"),
  Erf: unary("Erf"),
  Exp: unary("Exp"),
  Floor: unary("Floor", "int32"),
  IsNaN: (d) => {
    const x = d.input(d.shape());
    // 0/0 here and there.
    return d.graph.emit(
      "IsNaN",
      [d.graph.emit("Div", [x, x], null, x.shape, "float32")],
      null,
      x.shape,
      "bool",
    );
  },
  Log: unary("Log", [1, 9]),
  Neg: unary("Neg", "int32"),
  Not: (d) => {
    const x = d.input(d.shape(), d.pick(["bool", "int32", "float32"]));
    return d.graph.emit("Not", [x], null, x.shape, "bool");
  },
  Reciprocal: unary("Reciprocal", [1, 9]),
  Relu: unary("Relu", "int32"),
  Round: unary("Round", "int32"),
  Sigmoid: unary("Sigmoid"),
  Sign: unary("Sign", "int32"),
  Sin: unary("Sin"),
  Sinh: unary("Sinh"),
  Softplus: unary("Softplus"),
  Sqrt: unary("Sqrt", [0, 9]),
  Step: unary("Step"),
  Tan: unary("Tan", [-1, 1]),
  Tanh: unary("Tanh"),

  Add: arithmetic("Add", "int32"),
  Sub: arithmetic("Sub", "int32"),
  Mul: arithmetic("Mul", "int32"),
  Div: arithmetic("Div", "int32", [1, 5]),
  Pow: arithmetic("Pow", "int32", [1, 4]),
  Max: arithmetic("Max", "int32"),
  Min: arithmetic("Min", "int32"),
  Mod: (d) => {
    const dtype = d.pick(["float32", "int32"] as const);
    const [a, b] = [d.input([3, 5], dtype, -9, 9), d.input([5], dtype, 1, 4)];
    const divisor = d.flag() ? b : d.graph.emit("Neg", [b], null, b.shape, dtype);
    return d.graph.emit("Mod", [a, divisor], null, [3, 5], dtype);
  },

  Equal: logic("Equal", ["float32", "int32", "bool"]),
  Less: logic("Less", ["float32", "int32"]),
  LessOrEqual: logic("LessOrEqual", ["float32", "int32"]),
  Greater: logic("Greater", ["float32", "int32"]),
  GreaterOrEqual: logic("GreaterOrEqual", ["float32", "int32"]),
  And: logic("And", ["bool"]),
  Or: logic("Or", ["bool"]),

  ReduceSum: reduction("ReduceSum", ["float32", "int32"]),
  ReduceMax: reduction("ReduceMax", ["float32", "int32", "bool"]),
  ReduceMin: reduction("ReduceMin", ["float32", "int32", "bool"]),
  ReduceProd: reduction("ReduceProd", ["float32", "int32", "bool"]),

  View: (d) => d.input(d.shape(), d.dtype()),
  Constant: (d) => d.graph.constant(d.whole(-2, 2), d.shape(), d.dtype()),
  Literal: (d) => {
    const shape = [d.whole(1, 3), 2];
    const values = Array.from({ length: shape[0] * 2 }, (_, i) => (i === 0 ? 1 : d.whole(0, 1)));
    return d.graph.literal(values, shape, d.dtype());
  },
  Cast: (d) => {
    const x = d.input(d.shape(), d.dtype());
    return d.graph.emit("Cast", [x], null, x.shape, d.dtype());
  },
  Where: (d) => {
    const [a, b] = d.pair(d.dtype());
    const shape = broadcast(a.shape, b.shape);
    const condition = d.input(d.narrower(shape), "bool");
    return d.graph.emit("Where", [condition, a, b], null, shape, a.dtype);
  },
  Reshape: (d) => {
    const [a, b, c] = [d.whole(1, 3), d.whole(1, 3), d.whole(1, 3)];
    const x = d.input([a, b, c], d.dtype());
    return d.graph.emit(
      "Reshape",
      [x],
      null,
      d.pick([[a * b, c], [c, 1, b, a], [a * b * c]]),
      x.dtype,
    );
  },
  Transpose: (d) => {
    const perm = d.pick([
      [1, 0, 2],
      [2, 0, 1],
      [2, 1, 0],
      [0, 2, 1],
    ]);
    const x = d.input(d.shape(3, 3), d.dtype());
    return d.graph.emit(
      "Transpose",
      [x],
      { perm },
      perm.map((axis) => x.shape[axis]),
      x.dtype,
    );
  },
  Expand: (d) => {
    const shape = d.shape();
    const x = d.input(d.narrower(shape), d.dtype());
    return d.graph.emit("Expand", [x], null, shape, x.dtype);
  },
  Slice: (d) => {
    const x = d.input(d.shape(1, 3), d.dtype());
    const axes = x.shape.map((size) => {
      const step = d.pick([1, 1, 2, -1, -2]);
      const start = d.whole(0, size - 1);
      const most = step > 0 ? Math.ceil((size - start) / step) : Math.ceil((start + 1) / -step);
      return { step, start, size: d.whole(1, most) };
    });
    return d.graph.emit(
      "Slice",
      [x],
      { starts: axes.map(({ start }) => start), steps: axes.map(({ step }) => step) },
      axes.map(({ size }) => size),
      x.dtype,
    );
  },
  Concat: (d) => {
    const [rows, columns, dtype] = [d.whole(1, 3), d.whole(1, 3), d.dtype()];
    const parts = Array.from({ length: d.whole(2, 4) }, () => d.whole(1, 3)).map((size) =>
      d.flag()
        ? d.input([rows, size, columns], dtype)
        : d.graph.constant(1, [rows, size, columns], dtype),
    );
    const size = parts.reduce((sum, part) => sum + part.shape[1], 0);
    return d.graph.emit("Concat", parts, { axis: 1 }, [rows, size, columns], dtype);
  },
  Pad: (d) => {
    const x = d.input(d.shape(1, 3), d.dtype());
    const [before, after] = [x.shape.map(() => d.whole(0, 2)), x.shape.map(() => d.whole(0, 2))];
    return ops.pad(d.graph, x, before, after, d.whole(0, 1));
  },
  MatMul: (d) => {
    const [m, k, n] = [d.whole(1, 4), d.whole(1, 4), d.whole(1, 4)];
    const batch = d.shape(0, 2);
    const a = d.input([...d.narrower(batch), m, k], d.pick(["float32", "int32"]));
    const b = d.flag()
      ? d.input([...d.narrower(batch), k, n], a.dtype)
      : d.graph.constant(2, [k, n], a.dtype);
    return ops.matMul(d.graph, a, b);
  },
  Gramian: (d) => {
    const shape = d.flag() ? d.shape(1, 4) : [d.whole(1, 3), d.whole(1, 3), d.whole(64, 70)];
    const axis = d.whole(0, shape.length - 1);
    const x = d.input(shape);
    return d.graph.emit("Gramian", [x], { axis }, [shape[axis], shape[axis]], "float32");
  },
  Softmax: (d) => ops.softmax(d.graph, "Softmax", d.input(d.shape(1, 3))),
  LogSoftmax: (d) => ops.softmax(d.graph, "LogSoftmax", d.input(d.shape(1, 3))),
  Gather: (d) => {
    const data = d.input(d.shape(1, 3), d.dtype());
    const axis = d.whole(0, data.shape.length - 1);
    const indices = d.input(d.shape(0, 2), "int32", 0, data.shape[axis] - 1);
    return ops.gather(d.graph, data, indices, axis);
  },
  ScatterAdd: (d) => {
    const [rows, count] = [d.whole(1, 40), d.whole(1, 6)];
    const indices = d.input([count], "int32", d.pick([0, -2]), rows - d.pick([1, 0]));
    const updates = d.input([count, ...d.shape(0, 2)], d.pick(["float32", "int32"]));
    return ops.scatterAdd(d.graph, indices, updates, rows);
  },
  CumSum: (d) => {
    const x = d.input(d.shape(1, 3), d.pick(["float32", "int32"]));
    const axis = d.whole(0, x.shape.length - 1);
    return ops.cumSum(d.graph, x, { axis, exclusive: d.flag(), reverse: d.flag() });
  },
  ArgMax: extreme("ArgMax"),
  ArgMin: extreme("ArgMin"),
  TopKValues: (d) => topK(d)[0],
  TopKIndices: (d) => topK(d)[1],
  Conv: (d) => {
    const { data, filter, window, groups } = drawConv(d);
    return ops.conv(d.graph, data, filter, { ...window, groups });
  },
  ConvTranspose: (d) => {
    const { data, filter, window, groups } = drawConv(d);
    const forward = ops.conv(d.graph, data, filter, { ...window, groups });
    const back = d.input(forward.shape);
    return ops.convTranspose(d.graph, back, filter, { ...window, groups }, data.shape.slice(2));
  },
  MaxPool: pool("MaxPool"),
  AveragePool: pool("AveragePool"),
};

type Bounds = readonly [min: number, max: number];
type Case = (d: Drawing) => Node;

/** Floats within bounds, default −3 to 3; "int32" where whole numbers are asked for too. */
function unary(op: UnaryOp, ...options: readonly (Bounds | "int32")[]): Case {
  return (d) => unaryOf(d, op, d.input(d.shape(), ...numbers(d, options)));
}

const unaryOf = (d: Drawing, op: UnaryOp, x: Node): Node =>
  d.graph.emit(op, [x], null, x.shape, x.dtype);

function arithmetic(op: ArithmeticOp, ...options: readonly (Bounds | "int32")[]): Case {
  return (d) => {
    const [a, b] = d.pair(...numbers(d, options));
    return d.graph.emit(op, [a, b], null, broadcast(a.shape, b.shape), a.dtype);
  };
}

function numbers(
  d: Drawing,
  options: readonly (Bounds | "int32")[],
): [dtype: DType, min: number, max: number] {
  const [min, max] = options.find((option) => option !== "int32") ?? [-3, 3];
  return [options.includes("int32") ? d.pick(["float32", "int32"]) : "float32", min, max];
}

function logic(op: LogicOp, dtypes: readonly DType[]): Case {
  return (d) => {
    const [a, b] = d.pair(d.pick(dtypes));
    return d.graph.emit(op, [a, b], null, broadcast(a.shape, b.shape), "bool");
  };
}

function reduction(op: ReductionOp, dtypes: readonly DType[]): Case {
  return (d) => {
    const x = d.input(d.shape(1, 4), d.pick(dtypes));
    const first = d.whole(0, x.shape.length - 1);
    const axes = x.shape.flatMap((_, axis) => (axis === first || d.flag() ? [axis] : []));
    const shape = x.shape.filter((_, axis) => !axes.includes(axis));
    return d.graph.emit(op, [x], { axes }, shape, x.dtype);
  };
}

function extreme(op: "ArgMax" | "ArgMin"): Case {
  return (d) => {
    const x = d.input(d.shape(1, 3), d.pick(["float32", "int32"]), -1, 1);
    return ops.argExtreme(d.graph, op, x, d.whole(0, x.shape.length - 1));
  };
}

function topK(d: Drawing): readonly [Node, Node] {
  const x = d.input([...d.shape(0, 2), 5], d.pick(["float32", "int32"]), -1, 1);
  return ops.topK(d.graph, x, d.whole(1, 5));
}

/** A window over one to three axes that are long enough for it. */
function drawWindow(
  d: Drawing,
): Window & { readonly kernel: readonly number[]; readonly spatial: readonly number[] } {
  const rank = d.whole(1, 3);
  const axes = Array.from({ length: rank }, () => {
    const [kernel, dilation, stride] = [d.whole(1, 3), d.whole(1, 2), d.whole(1, 3)];
    // Less padding than kernel: a window of nothing but padding has no mean.
    const [before, after] = [d.whole(0, kernel - 1), d.whole(0, kernel - 1)];
    return {
      kernel,
      dilation,
      stride,
      before,
      after,
      size: dilation * (kernel - 1) + d.whole(1, 4),
    };
  });
  return {
    kernel: axes.map(({ kernel }) => kernel),
    dilations: axes.map(({ dilation }) => dilation),
    strides: axes.map(({ stride }) => stride),
    padsBefore: axes.map(({ before }) => before),
    padsAfter: axes.map(({ after }) => after),
    spatial: axes.map(({ size }) => size),
  };
}

function drawConv(d: Drawing) {
  const { kernel, spatial, ...window } = drawWindow(d);
  const [groups, from, to] = [d.whole(1, 2), d.whole(1, 2), d.whole(1, 2)];
  const data = d.input([d.whole(1, 2), groups * from, ...spatial]);
  const filter = d.input([groups * to, from, ...kernel]);
  return { data, filter, window, groups };
}

function pool(op: "MaxPool" | "AveragePool"): Case {
  return (d) => {
    const { spatial, ...window } = drawWindow(d);
    const x = d.input([d.whole(1, 2), d.whole(1, 2), ...spatial]);
    return ops.pool(d.graph, op, x, window);
  };
}
