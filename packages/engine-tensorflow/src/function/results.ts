/** Names of results in op definitions, which functions refer to them by; "output" where an op is not listed. */
const byName: Readonly<Record<string, readonly string[]>> = {
  y: [
    ...["Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Cast", "Ceil", "Cos", "Cosh"],
    ...["Erf", "Exp", "Floor", "IsNan", "Log", "LogicalNot", "Neg", "Reciprocal", "Round"],
    ...["Sigmoid", "Sign", "Sin", "Sinh", "Sqrt", "Tan", "Tanh", "Transpose"],
  ],
  z: [
    ...["AddV2", "Equal", "FloorMod", "Greater", "GreaterEqual", "Less", "LessEqual"],
    ...["LogicalAnd", "LogicalOr", "Maximum", "Minimum", "Mul", "Pow", "RealDiv", "Sub"],
    ...["TruncateDiv"],
  ],
  activations: ["Relu", "Softplus"],
  product: ["MatMul"],
  softmax: ["Softmax"],
  logsoftmax: ["LogSoftmax"],
  out: ["Cumsum"],
  values: ["TopKV2"],
};

const nameOf = new Map(
  Object.entries(byName).flatMap(([name, ops]) => ops.map((op) => [op, name] as const)),
);

/** The name of an op's first result. */
export const resultOf = (op: string): string => nameOf.get(op) ?? "output";
