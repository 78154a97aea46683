import type * as tf from "@tensorflow/tfjs";
import type { Graph } from "../graph.ts";
import type { Lowerings } from "../lowering.ts";
import type { Node } from "../node.ts";
import { add, arithmetic, cast, logic, mul, scale, sub, unary, where } from "../ops/index.ts";
import { asUnary, lowering, onX } from "./call.ts";

/** Activations, and the two kernels that only gradients of activations use. */
export const activations: Lowerings = {
  Relu: asUnary("Relu"),
  Relu6: onX(relu6),
  Sigmoid: asUnary("Sigmoid"),
  Softplus: asUnary("Softplus"),
  Elu: onX(elu),
  Selu: onX((graph, x) => {
    const negative = scale(graph, belowZero(graph, x), SELU_SCALED_ALPHA);
    return where(graph, isNegative(graph, x), negative, scale(graph, x, SELU_SCALE));
  }),
  LeakyRelu: lowering<tf.LeakyReluAttrs>((graph, { x }, { alpha }) =>
    leaky(graph, x, graph.constant(alpha)),
  ),
  Prelu: lowering((graph, { x, alpha }) => leaky(graph, x, alpha)),

  Step: lowering<tf.StepAttrs>((graph, { x }, { alpha }) => {
    const positive = logic(graph, "Greater", x, graph.constant(0, [], x.dtype));
    if (alpha === 0) return cast(graph, positive, x.dtype);
    const [one, other] = [1, alpha].map((value) => graph.constant(value, [], x.dtype));
    return where(graph, positive, one, other);
  }),
  // 1 where y ≥ 0, else y + 1.
  EluGrad: lowering((graph, { dy, y }) => {
    const below = arithmetic(graph, "Min", y, graph.constant(0));
    return mul(graph, dy, add(graph, below, graph.constant(1)));
  }),
};

/** λ and λ·α of Klambauer et al. 2017. */
const SELU_SCALE = 1.0507009873554804934193349852946;
const SELU_SCALED_ALPHA = 1.7580993408473768599402175208123;

const isNegative = (graph: Graph, x: Node): Node => logic(graph, "Less", x, graph.constant(0));

const belowZero = (graph: Graph, x: Node): Node =>
  sub(graph, unary(graph, "Exp", x), graph.constant(1));

function elu(graph: Graph, x: Node): Node {
  return where(graph, isNegative(graph, x), belowZero(graph, x), x);
}

const leaky = (graph: Graph, x: Node, slope: Node): Node =>
  where(graph, isNegative(graph, x), mul(graph, x, slope), x);

function relu6(graph: Graph, x: Node): Node {
  return arithmetic(graph, "Min", unary(graph, "Relu", x), graph.constant(6, [], x.dtype));
}

/** What a fused kernel does with its product: bias, then activation. */
export interface Finish {
  readonly activation?: tf.fused.Activation;
  readonly leakyreluAlpha?: number;
}

/** f(x + bias), as tf.fused computes it. */
export function finished(
  graph: Graph,
  x: Node,
  { bias, preluActivationWeights }: Readonly<Record<string, Node>>,
  { activation = "linear", leakyreluAlpha = 0.2 }: Finish,
): Node {
  const shifted = (bias as Node | undefined) ? add(graph, x, bias) : x;
  switch (activation) {
    case "linear":
      return shifted;
    case "relu":
      return unary(graph, "Relu", shifted);
    case "relu6":
      return relu6(graph, shifted);
    case "elu":
      return elu(graph, shifted);
    case "sigmoid":
      return unary(graph, "Sigmoid", shifted);
    case "prelu":
      return leaky(graph, shifted, preluActivationWeights);
    case "leakyrelu":
      return leaky(graph, shifted, graph.constant(leakyreluAlpha));
  }
}
