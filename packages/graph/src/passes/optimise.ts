import { ancestors, type Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { estimate } from "./cost.ts";
import { examplesLast } from "./examples-last.ts";
import { fuse } from "./fuse.ts";
import { readMasks } from "./masks.ts";
import { sinkMoves } from "./moves.ts";
import { mergeProducts } from "./products.ts";
import { turnOnce } from "./turn-once.ts";

/** What the passes made of a graph. */
export interface OptimiseReport {
  readonly nodes: { readonly before: number; readonly after: number };
  /** Guessed times in microseconds: as traced, and after every pass that is chosen by them. */
  readonly estimate: {
    readonly before: number;
    readonly fused: number;
    readonly merged: number;
    readonly after: number;
  };
  /** How often loops were made lanes; 0 where no rewrite was worth it. */
  readonly rounds: number;
}

export interface OptimiseOptions {
  /** How many examples the step has, if it is about examples: how they lie is then a choice. */
  readonly examples?: number | undefined;
}

/**
 * All passes: loops over tasks and experts become lanes, products and the moves around them take their cheapest form. The
 * same outputs up to rounding. The result is for an encoder: constructors of `ops/` on top of it may undo the last pass.
 */
export function optimise(
  graph: Graph,
  outputs: readonly Node[],
  { examples }: OptimiseOptions = {},
): { readonly outputs: readonly Node[]; readonly report: OptimiseReport } {
  const fused = fuse(graph, outputs);
  const merged = readMasks(graph, mergeProducts(graph, fused.outputs));
  const sunk = sinkMoves(graph, merged);
  const turned = examples === undefined ? sunk : examplesLast(graph, merged, examples);
  const best = estimate(turned) < estimate(sunk) ? turned : sunk;
  const final = turnOnce(graph, best);
  return {
    outputs: final,
    report: {
      nodes: { before: fused.report.nodes.before, after: ancestors(final).length },
      estimate: {
        before: fused.report.estimate.before,
        fused: fused.report.estimate.after,
        merged: estimate(merged),
        after: estimate(best),
      },
      rounds: fused.report.rounds,
    },
  };
}
