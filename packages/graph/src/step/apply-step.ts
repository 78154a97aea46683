import type { ElementwiseOptimizer, Network } from "@polytask/core";
import { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { concat, reshape, stack, where } from "../ops/index.ts";
import {
  clipped,
  combinedGradients,
  type CombinedWish,
  magnitude,
  moves,
} from "./combined-gradients.ts";
import type { Layout } from "./layout.ts";
import { SPACE } from "./spaces.ts";
import { isLazy, slotSpace, traceRule, type Updated, type UpdateStep } from "./update-step.ts";

/** What a step is applied to. */
export interface ApplyWish extends CombinedWish {
  /**
   * Neighbours that the rule, which goes by elements, takes as one; all parameters move then. Without, each parameter is
   * taken by itself, and may stay.
   */
  readonly groups?: readonly (readonly number[])[];
}

/** The second half of a step as one graph: the combined gradient, clipped, and what the optimizer's rule makes of it. */
export interface ApplyStep {
  readonly graph: Graph;
  /** New values and slots by group, or by parameter. */
  readonly updated: UpdateStep["parameters"];
  /** Σ|g| of each one's combined gradient, before it is clipped: finite where all its numbers are. */
  readonly magnitudes: Node;
}

/** Traces combine, clip and `update`; `scalars` says how many numbers the rule takes. */
export function traceApply<Name extends string>(
  network: Pick<Network<Name>, "parameters" | "tasks">,
  optimizer: ElementwiseOptimizer,
  layout: Layout<Name>,
  scalars: number,
  { groups, ...wish }: ApplyWish,
): ApplyStep {
  const graph = new Graph();
  const combined = combinedGradients(graph, network, layout, wish);
  const all = groups
    ? groups.map((members) => joined(graph, optimizer, layout, combined, members))
    : layout.parameters.map((_, i) => joined(graph, optimizer, layout, combined, [i]));
  const raw = all.map(({ gradient }) => gradient);
  const stay = groups === undefined;
  const gradients = optimizer.clip ? clipped(graph, raw, optimizer.clip, stay) : raw;
  const ruled = all.map((one, i) => ({ ...one, gradient: gradients[i] }));
  const updated = traceRule(graph, optimizer, ruled, scalars);
  const moved = (i: number, space: string, next: Node): Node => {
    const { at, gradient } = ruled[i];
    const before = graph.view(space, at, gradient.shape);
    return where(graph, moves(graph, i), reshape(graph, next, gradient.shape), before);
  };
  return {
    graph,
    magnitudes: stack(
      graph,
      raw.map((gradient) => magnitude(graph, gradient)),
      0,
    ),
    updated: stay
      ? updated.map(({ value, slots }, i) => ({
          value: moved(i, SPACE.parameters, value),
          slots: slots.map((slot, j) => moved(i, slotSpace(optimizer.slots[j]), slot)),
        }))
      : updated,
  };
}

function joined(
  graph: Graph,
  optimizer: ElementwiseOptimizer,
  layout: Layout,
  gradients: readonly Node[],
  members: readonly number[],
): Updated {
  const [{ at, of }] = members.map((i) => layout.parameters[i]);
  if (members.length === 1) {
    return { at, gradient: gradients[members[0]], lazy: isLazy(optimizer, of.info) };
  }
  const flat = members.map((i) => reshape(graph, gradients[i], [layout.parameters[i].size]));
  return { at, gradient: concat(graph, flat, 0), lazy: false };
}
