import type { Network } from "@polytask/core";
import { scoresOf } from "@polytask/core/engine";
import type { Tensor } from "@tensorflow/tfjs";
import { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { trace } from "../trace.ts";
import type { GroupShape } from "./gather-step.ts";
import { type PassInputs, tracedPass } from "./inputs.ts";
import type { Layout } from "./layout.ts";
import { bindVariables, columnSpace } from "./spaces.ts";
import { watched } from "./watched.ts";

/** Inference: encoder and model, with `training` off. */
export interface ScoresStep<Name extends string> {
  readonly graph: Graph;
  readonly inputs: PassInputs;
  /** Raw scores of every wanted task, or its predictions where `link` is asked for. */
  readonly scores: readonly { readonly task: Name; readonly value: Node }[];
}

export function traceScores<Name extends string>(
  network: Network<Name>,
  layout: Layout<Name>,
  shape: Pick<GroupShape<Name>, "size" | "tasks" | "columns">,
  { link = false }: { readonly link?: boolean } = {},
): ScoresStep<Name> {
  const graph = new Graph();
  const inputs: PassInputs = { noise: [], hosts: [] };
  const scores = trace((tracer) => {
    bindVariables(tracer, layout);
    const parts = watched(network, tracer);
    const { pass } = tracedPass(tracer, inputs, { tasks: shape.tasks, training: false });
    const columns = Object.fromEntries(
      Object.entries(shape.columns).map(([name, column]) => [
        name,
        tracer.tensor(
          graph.view(columnSpace(name), 0, [shape.size, ...column.shape], column.dtype),
        ),
      ]),
    );
    const outputs = scoresOf(parts, columns, shape.size, pass);
    return shape.tasks.map((task) => {
      const raw = outputs[task] as Tensor;
      return { task, value: tracer.nodeOf(link ? parts.task[task].link(raw) : raw) };
    });
  }, graph);
  return { graph, inputs, scores };
}
