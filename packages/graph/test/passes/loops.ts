import { Graph, type Node, ops, type Shape, sizeOf } from "@polytask/graph";
import fc from "fast-check";

type Step = (graph: Graph, x: Node, parameter: (shape: Shape) => Node, shared: Node) => Node;

/** On [batch, width]. */
const STEP: readonly Step[] = [
  (graph, x, parameter) => ops.matMul(graph, x, parameter([x.shape[1], x.shape[1]])),
  (graph, x, parameter) => ops.add(graph, x, parameter([x.shape[1]])),
  (graph, x) => ops.unary(graph, "Tanh", x),
  (graph, x, _, shared) => ops.mul(graph, shared, x),
  (graph, x) => ops.softmax(graph, "Softmax", x),
  (graph, x, parameter) =>
    ops.mul(graph, ops.reshape(graph, ops.sum(graph, x, [1]), [x.shape[0], 1]), parameter(x.shape)),
  (graph, x) => {
    const square = ops.matMul(graph, ops.transpose(graph, x, [1, 0]), x);
    return ops.unary(graph, "Tanh", ops.matMul(graph, x, square));
  },
  (graph, x) =>
    ops.where(graph, ops.logic(graph, "Greater", x, graph.constant(0)), x, graph.constant(0.5)),
  (graph, x) => ops.add(graph, ops.unary(graph, "Abs", x), ops.unary(graph, "Sin", x)),
  (graph, x) => ops.slice(graph, ops.pad(graph, x, [1, 0], [0, 2]), [0, 1], x.shape),
];

const END: readonly ((graph: Graph, values: readonly Node[]) => Node)[] = [
  (graph, values) => ops.stack(graph, values, 0),
  (graph, values) => ops.concat(graph, values, 1),
  (graph, values) => values.reduce((sum, value) => ops.add(graph, sum, value)),
  (graph, values) =>
    ops.concat(
      graph,
      values.map((value) => ops.reshape(graph, ops.sum(graph, value, [0, 1]), [1])),
      0,
    ),
];

/** Code in a loop: what is done to every lane, and how lanes come together at the end. */
export interface Plan {
  readonly lanes: number;
  readonly batch: number;
  readonly width: number;
  readonly steps: readonly number[];
  readonly ends: readonly number[];
  /** Numbers between the parameters of neighbours. */
  readonly gap: number;
  /** A lane that does something else at one step. */
  readonly odd: { readonly lane: number; readonly step: number } | null;
  readonly backwards: boolean;
}

export const plans: fc.Arbitrary<Plan> = fc.record({
  lanes: fc.integer({ min: 2, max: 5 }),
  batch: fc.integer({ min: 1, max: 4 }),
  width: fc.integer({ min: 1, max: 3 }),
  steps: fc.array(fc.nat(STEP.length - 1), { minLength: 1, maxLength: 7 }),
  ends: fc.array(fc.nat(END.length - 1), { minLength: 1, maxLength: 3 }),
  gap: fc.constantFrom(0, 0, 0, 3),
  odd: fc.option(fc.record({ lane: fc.nat(4), step: fc.nat(6) })),
  backwards: fc.boolean(),
});

export function build(plan: Plan): { readonly graph: Graph; readonly outputs: readonly Node[] } {
  const graph = new Graph();
  const { lanes, batch, width, steps, gap, odd, backwards } = plan;
  const shared = graph.view("x", 0, [batch, width]);
  const values: Node[] = [];
  for (let i = 0; i < lanes; i++) {
    const k = backwards ? lanes - 1 - i : i;
    let at = 0;
    const parameter = (shape: Shape): Node => {
      const size = sizeOf(shape) + gap;
      const view = graph.view("parameters", at + k * size, shape);
      at += size * lanes;
      return view;
    };
    values[k] = steps.reduce((value, step, place) => {
      const other = odd?.lane === k && odd.step === place ? 1 : 0;
      return STEP[(step + other) % STEP.length](graph, value, parameter, shared);
    }, shared);
  }
  return { graph, outputs: plan.ends.map((end) => END[end](graph, values)) };
}
