import type { ElementwiseOptimizer } from "@polytask/core";
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

/** Traces `update`; `scalars` says how many numbers the rule takes. */
export function traceUpdate(
  optimizer: ElementwiseOptimizer,
  layout: Layout,
  scalars: number,
): UpdateStep {
  const graph = new Graph();
  const parameters = trace(
    (tracer) =>
      layout.parameters.map(({ of, variable: { shape }, at }, i) => {
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
        const gradient = view(UPDATE_SPACE.gradients);
        const updated = tracer.within(running, () =>
          optimizer.update(before.value, gradient, before.slots, numbers),
        );
        const lazy = optimizer.rows === "lazy" && of.info.layout === "rows";
        const next = lazy ? onTouchedRows(gradient, updated, before) : updated;
        return {
          value: tracer.nodeOf(next.value),
          slots: next.slots.map((slot) => tracer.nodeOf(slot)),
        };
      }),
    graph,
  );
  return { graph, parameters };
}
