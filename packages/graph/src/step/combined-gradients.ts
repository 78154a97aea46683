import type { Clip, Network } from "@polytask/core";
import type { Graph } from "../graph.ts";
import { type Node, sizeOf } from "../node.ts";
import {
  add,
  arithmetic,
  div,
  logic,
  matMul,
  mul,
  neg,
  reshape,
  sum,
  unary,
  where,
} from "../ops/index.ts";
import type { Layout } from "./layout.ts";
import { SPACE } from "./spaces.ts";
import { UPDATE_SPACE } from "./update-step.ts";

/** Memories that the combined gradient is made of, beside the gradients of parameters that have no rows. */
export const COMBINED_SPACE = {
  /** [T], what the gradients of own parameters weigh. */
  weights: "own weights",
  /** Gradients of penalties, laid out like the parameters. */
  rest: "rest",
  /** 1 for each of the layout's parameters that moves in the step, 0 for one that stays. */
  moves: "moves",
} as const;

/** Rows of J of one of the layout's blocks. */
export const rowsSpace = (block: number): string => `rows/${block}`;

/** What a step's gradient is combined from. */
export interface CombinedWish {
  /** One gradient per task, or the weighted sum's. */
  readonly rows: boolean;
  /** Whether rows of J were kept; otherwise those of shared parameters are combined already. */
  readonly stored: boolean;
  /** Whether penalties come by themselves. */
  readonly rest: boolean;
}

/**
 * The combined gradient of every parameter, in the layout's order: rows of J weighed by the memory "mixing", one number
 * per row, block after block; own gradients by their task's weight; penalties.
 */
export function combinedGradients<Name extends string>(
  graph: Graph,
  { parameters, tasks }: Pick<Network<Name>, "parameters" | "tasks">,
  layout: Layout<Name>,
  { rows, stored, rest }: CombinedWish,
): readonly Node[] {
  const found = new Map<number, Node>();
  if (rows && stored) {
    let from = 0;
    layout.jacobian.forEach(({ index, rows: owners, size, variable }, block) => {
      const weights = graph.view(SPACE.mixing, from, [1, owners.length]);
      const values = graph.view(rowsSpace(block), 0, [owners.length, size]);
      found.set(index, reshape(graph, matMul(graph, weights, values), variable.shape));
      from += owners.length;
    });
  }
  return layout.parameters.map(({ of, at, variable: { shape } }, i) => {
    const own = found.get(i) ?? graph.view(UPDATE_SPACE.gradients, at, shape);
    const isOwn = rows && i < parameters.length && of.tasks.length === 1;
    const weight = (): Node => graph.view(COMBINED_SPACE.weights, tasks.indexOf(of.tasks[0]), []);
    const weighed = isOwn ? mul(graph, own, weight()) : own;
    return rest ? add(graph, weighed, graph.view(COMBINED_SPACE.rest, at, shape)) : weighed;
  });
}

/** 1 where the layout's parameter of that place moves; a bool. */
export const moves = (graph: Graph, parameter: number): Node =>
  logic(graph, "Greater", graph.view(COMBINED_SPACE.moves, parameter, []), graph.constant(0));

/** Σ|g| of a gradient: finite where all its numbers are. */
export const magnitude = (graph: Graph, gradient: Node): Node =>
  total(graph, unary(graph, "Abs", gradient));

/** Limits the norm of all gradients together, then every element; `stay`: what does not move does not count. */
export function clipped(
  graph: Graph,
  gradients: readonly Node[],
  { norm, value }: Clip,
  stay: boolean,
): readonly Node[] {
  const scaled = norm === undefined ? gradients : limited(graph, gradients, norm, stay);
  if (value === undefined) return scaled;
  const limit = graph.constant(value);
  return scaled.map((gradient) =>
    arithmetic(graph, "Max", arithmetic(graph, "Min", gradient, limit), neg(graph, limit)),
  );
}

function limited(
  graph: Graph,
  gradients: readonly Node[],
  norm: number,
  stay: boolean,
): readonly Node[] {
  const squares = gradients.map((gradient, i) => {
    const square = total(graph, mul(graph, gradient, gradient));
    return stay ? where(graph, moves(graph, i), square, graph.constant(0)) : square;
  });
  const length = unary(
    graph,
    "Sqrt",
    squares.reduce((a, b) => add(graph, a, b)),
  );
  // A length of 0 gives ∞, and then 1.
  const factor = arithmetic(
    graph,
    "Min",
    div(graph, graph.constant(norm), length),
    graph.constant(1),
  );
  return gradients.map((gradient) => mul(graph, gradient, factor));
}

const total = (graph: Graph, x: Node): Node =>
  sum(graph, reshape(graph, x, [sizeOf(x.shape)]), [0]);
