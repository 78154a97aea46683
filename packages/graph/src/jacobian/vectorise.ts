import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { Transform } from "./transform.ts";
import { substitution } from "./weighted.ts";

export type { Diagnostic } from "./diagnostic.ts";
export { weighted } from "./weighted.ts";

/** The rows of the Jacobian at one parameter that may be non-zero. */
export interface Rows {
  /** Which task every row belongs to; ascending. None where the gradient does not depend on w. */
  readonly copies: readonly number[];
  /** [copies, ...parameter] */
  readonly value: Node;
}

/** The backward pass of Σ w_k·L_k. */
export interface Backward {
  /** w, of shape [size]; a view of its own space, or any node that stands for nothing else. */
  readonly weights: Node;
  readonly gradients: readonly Node[];
  /** How many tasks there are. */
  readonly size: number;
}

export interface Vectorised {
  /** ∇L_k for every task k, by place of the gradient; no node of it depends on w. */
  readonly rows: (gradient: number) => Rows;
  /** Σ_k ∇L_k: the gradient at w = 1. */
  readonly ones: (gradient: number) => Node;
  /** Where structure was lost in what has been asked for so far. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * All tasks' gradients from the one backward pass of Σ w_k·L_k: it is linear in w, so ∇L_c is what it comes to at w = e_c.
 *
 * Only nodes that depend on w are made anew, each for all tasks at once, in a form that leaves out what is 0: while
 * the pass is inside one task's branch, as a row; on values with a task axis, as a diagonal, which costs no more than
 * the one pass; below the point where the branches meet, stacked.
 */
export function vectorise(graph: Graph, { weights, gradients, size }: Backward): Vectorised {
  const transform = new Transform(graph, weights, size);
  const ones = substitution(graph, weights, graph.constant(1, [size]));
  const none = (shape: readonly number[]): Rows => ({
    copies: [],
    value: graph.constant(0, [0, ...shape]),
  });
  const done = new Map<number, Rows>();
  const rows = (gradient: number): Rows => {
    const node = gradients[gradient];
    const found = done.get(gradient) ?? transform.rows(node) ?? none(node.shape);
    done.set(gradient, found);
    return found;
  };
  return {
    rows,
    ones: (gradient) => ones(gradients[gradient]),
    diagnostics: transform.diagnostics,
  };
}
