import type * as tf from "@tensorflow/tfjs";
import type { Graph } from "../graph.ts";
import type { Lowerings } from "../lowering.ts";
import type { Node } from "../node.ts";
import {
  add,
  arithmetic,
  cast,
  div,
  logic,
  mul,
  reshape,
  scale,
  sub,
  unary,
  where,
} from "../ops/index.ts";
import { asArithmetic, asLogic, isInt, listOf, lowering, upcast } from "./call.ts";

/** Two numbers in, one out; operands broadcast as in numpy and have one type, which tfjs sees to. */
export const binary: Lowerings = {
  Add: asArithmetic("Add"),
  AddN: lowering((graph, inputs) => listOf(inputs).reduce((total, x) => add(graph, total, x))),
  Sub: asArithmetic("Sub"),
  Multiply: asArithmetic("Mul"),
  RealDiv: lowering((graph, { a, b }) =>
    div(graph, cast(graph, a, "float32"), cast(graph, b, "float32")),
  ),
  FloorDiv: lowering(floorDiv),
  Mod: asArithmetic("Mod"),
  Pow: asArithmetic("Pow"),
  Maximum: asArithmetic("Max"),
  Minimum: asArithmetic("Min"),
  SquaredDifference: lowering((graph, { a, b }) => {
    const difference = sub(graph, a, b);
    return mul(graph, difference, difference);
  }),
  Atan2: lowering(atan2),
  ClipByValue: lowering<tf.ClipByValueAttrs>((graph, { x }, { clipValueMin, clipValueMax }) => {
    const [low, high] = [clipValueMin, clipValueMax].map((value) =>
      graph.constant(value, [], x.dtype),
    );
    return arithmetic(graph, "Min", arithmetic(graph, "Max", x, low), high);
  }),

  Equal: asLogic("Equal"),
  NotEqual: lowering((graph, { a, b }) => unary(graph, "Not", logic(graph, "Equal", a, b))),
  Greater: asLogic("Greater"),
  GreaterEqual: asLogic("GreaterOrEqual"),
  Less: asLogic("Less"),
  LessEqual: asLogic("LessOrEqual"),
  LogicalAnd: asLogic("And"),
  LogicalOr: asLogic("Or"),
  Select: lowering((graph, { condition, t, e }) => {
    // A condition of lower rank chooses whole rows.
    const rest = t.shape.length - condition.shape.length;
    const rows = reshape(graph, condition, [
      ...condition.shape,
      ...new Array<number>(rest).fill(1),
    ]);
    const dtype = upcast(t.dtype, e.dtype);
    return where(graph, rows, cast(graph, t, dtype), cast(graph, e, dtype));
  }),
};

/** ⌊a/b⌋; tfjs makes it int32 always. */
function floorDiv(graph: Graph, { a, b }: Readonly<Record<string, Node>>): Node {
  if (!isInt(a)) return cast(graph, unary(graph, "Floor", div(graph, a, b)), "int32");
  // The rest has the divisor's sign, so what is left divides evenly.
  return div(graph, sub(graph, a, arithmetic(graph, "Mod", a, b)), b);
}

/** The angle of (b, a): arctan a/b, half a turn further where b < 0; ±π/2 on the axis, 0 at the origin. */
function atan2(graph: Graph, { a, b }: Readonly<Record<string, Node>>): Node {
  const zero = graph.constant(0);
  const sign = unary(graph, "Sign", a);
  const angle = unary(graph, "Atan", div(graph, a, b));
  const half = where(
    graph,
    logic(graph, "Less", a, zero),
    graph.constant(-Math.PI),
    graph.constant(Math.PI),
  );
  const onAxis = scale(graph, sign, Math.PI / 2);
  const left = where(graph, logic(graph, "Less", b, zero), add(graph, angle, half), angle);
  return where(graph, logic(graph, "Equal", b, zero), onAxis, left);
}
