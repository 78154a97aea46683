import type { ElementwiseOptimizer, ParameterInfo } from "@polytask/core";
import { onTouchedRows } from "@polytask/core/engine";
import type { Scalar } from "@tensorflow/tfjs";
import { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { trace } from "../trace.ts";
import type { Layout } from "./layout.ts";
import { SPACE } from "./spaces.ts";

/** An optimizer's rule as a graph, on every parameter by itself. */
export interface UpdateStep {
  readonly graph: Graph;
  /** New value and slots of every parameter, in the layout's order of parameters. */
  readonly parameters: readonly { readonly value: Node; readonly slots: readonly Node[] }[];
}

/** Memories of an update: gradients and slots are laid out like the parameters; scalars one row per parameter. */
export const UPDATE_SPACE = { gradients: "gradients", scalars: "scalars" } as const;
export const slotSpace = (slot: string): string => `slot/${slot}`;

/** What a rule is applied to: a parameter, or several of one layout that lie next to one another. */
export interface Updated {
  readonly at: number;
  /** In the shape that value and slots have. */
  readonly gradient: Node;
  /** Whether rows without a gradient stay. */
  readonly lazy: boolean;
}

/** Traces `update`; `scalars` says how many numbers the rule takes. */
export function traceUpdate(
  optimizer: ElementwiseOptimizer,
  layout: Layout,
  scalars: number,
): UpdateStep {
  const graph = new Graph();
  const all = layout.parameters.map(({ of, variable: { shape }, at }) => ({
    at,
    gradient: graph.view(UPDATE_SPACE.gradients, at, shape),
    lazy: isLazy(optimizer, of.info),
  }));
  return { graph, parameters: traceRule(graph, optimizer, all, scalars) };
}

export const isLazy = ({ rows }: ElementwiseOptimizer, { layout }: ParameterInfo): boolean =>
  rows === "lazy" && layout === "rows";

/** The rule on each of the given by itself; scalars one row for each. */
export const traceRule = (
  graph: Graph,
  optimizer: ElementwiseOptimizer,
  all: readonly Updated[],
  scalars: number,
): UpdateStep["parameters"] =>
  trace(
    (tracer) =>
      all.map(({ at, gradient: { shape }, gradient: node, lazy }, i) => {
        const view = (space: string): ReturnType<typeof tracer.tensor> =>
          tracer.tensor(graph.view(space, at, shape));
        const numbers = Array.from(
          { length: scalars },
          (_, j) => tracer.tensor(graph.view(UPDATE_SPACE.scalars, i * scalars + j, [])) as Scalar,
        );
        const running = { part: "the optimizer", slot: "optimizer", doing: "update" };
        const before = {
          value: view(SPACE.parameters),
          slots: optimizer.slots.map((slot) => view(slotSpace(slot))),
        };
        const gradient = tracer.tensor(node);
        const updated = tracer.within(running, () =>
          optimizer.update(before.value, gradient, before.slots, numbers),
        );
        const next = lazy ? onTouchedRows(gradient, updated, before) : updated;
        return {
          value: tracer.nodeOf(next.value),
          slots: next.slots.map((slot) => tracer.nodeOf(slot)),
        };
      }),
    graph,
  );
