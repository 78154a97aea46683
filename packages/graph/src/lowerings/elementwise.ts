import type { Graph } from "../graph.ts";
import type { Lowering, Lowerings } from "../lowering.ts";
import type { Node, UnaryOp } from "../node.ts";
import { add, cast, div, logic, mul, scale, sub, unary, where } from "../ops/index.ts";
import { asUnary, isInt, onX } from "./call.ts";

/** A function of real numbers. Of integers tfjs keeps the whole part. */
const real = (make: (graph: Graph, x: Node) => Node): Lowering =>
  onX((graph, x) => cast(graph, make(graph, cast(graph, x, "float32")), x.dtype));

const realUnary = (op: UnaryOp): Lowering => real((graph, x) => unary(graph, op, x));

/** One number in, one out. */
export const elementwise: Lowerings = {
  Abs: asUnary("Abs"),
  Neg: asUnary("Neg"),
  Sign: asUnary("Sign"),
  Ceil: asUnary("Ceil"),
  Floor: asUnary("Floor"),
  // tfjs rounds integers too.
  Round: onX((graph, x) => (isInt(x) ? x : unary(graph, "Round", x))),
  Square: onX((graph, x) => mul(graph, x, x)),
  Reciprocal: realUnary("Reciprocal"),

  // exp alone gives float32 for integers too.
  Exp: onX((graph, x) => unary(graph, "Exp", cast(graph, x, "float32"))),
  Expm1: real(expm1),
  Log: realUnary("Log"),
  Log1p: real(log1p),
  Sqrt: realUnary("Sqrt"),
  Rsqrt: real((graph, x) => unary(graph, "Reciprocal", unary(graph, "Sqrt", x))),
  Erf: realUnary("Erf"),

  Acos: realUnary("Acos"),
  Acosh: realUnary("Acosh"),
  Asin: realUnary("Asin"),
  Asinh: realUnary("Asinh"),
  Atan: realUnary("Atan"),
  Atanh: realUnary("Atanh"),
  Cos: realUnary("Cos"),
  Cosh: realUnary("Cosh"),
  Sin: realUnary("Sin"),
  Sinh: realUnary("Sinh"),
  Tan: realUnary("Tan"),
  Tanh: realUnary("Tanh"),

  LogicalNot: asUnary("Not"),
  IsNan: onX((graph, x) => unary(graph, "IsNaN", cast(graph, x, "float32"))),
  IsInf: onX((graph, x) => logic(graph, "Equal", magnitude(graph, x), graph.constant(Infinity))),
  IsFinite: onX((graph, x) => logic(graph, "Less", magnitude(graph, x), graph.constant(Infinity))),
};

const magnitude = (graph: Graph, x: Node): Node => unary(graph, "Abs", cast(graph, x, "float32"));

/** Below this, e^x − 1 and log(1 + x) lose digits in float32. */
const SMALL = 0.5;

const isSmall = (graph: Graph, x: Node): Node =>
  logic(graph, "Less", unary(graph, "Abs", x), graph.constant(SMALL));

/** e^x − 1, near 0 as 2t/(1 − t) with t = tanh(x/2), which keeps all digits. */
function expm1(graph: Graph, x: Node): Node {
  const one = graph.constant(1);
  const t = unary(graph, "Tanh", scale(graph, x, 0.5));
  const near = div(graph, scale(graph, t, 2), sub(graph, one, t));
  return where(graph, isSmall(graph, x), near, sub(graph, unary(graph, "Exp", x), one));
}

/** log(1 + x), near 0 as 2·artanh(x/(2 + x)), which keeps all digits. */
function log1p(graph: Graph, x: Node): Node {
  const ratio = div(graph, x, add(graph, x, graph.constant(2)));
  const near = scale(graph, unary(graph, "Atanh", ratio), 2);
  const far = unary(graph, "Log", add(graph, x, graph.constant(1)));
  return where(graph, isSmall(graph, x), near, far);
}
