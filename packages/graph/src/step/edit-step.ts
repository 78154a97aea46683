import type { Network } from "@polytask/core";
import { brokenPart } from "@polytask/core/engine";
import type { Tensor1D, Tensor2D, Variable } from "@tensorflow/tfjs";
import { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { trace } from "../trace.ts";
import { type PassInputs, tracedPass } from "./inputs.ts";
import type { Layout } from "./layout.ts";
import { bindVariables, SPACE } from "./spaces.ts";
import { watched } from "./watched.ts";

/** Rows of J [T, columns] of one block, as they stand before the surgery; those of absent tasks are 0. */
export const ROWS_SPACE = "rows";

/** A surgery's traced edit of J. */
export interface EditStep {
  readonly graph: Graph;
  readonly inputs: PassInputs;
  /** [T, columns] */
  readonly rows: Node;
  readonly assigned: readonly { readonly variable: Variable; readonly value: Node }[];
}

/** Traces `edit` of one of the network's surgeries on a block of so many columns. */
export function traceEdit<Name extends string>(
  network: Network<Name>,
  layout: Layout<Name>,
  surgery: number,
  columns: number,
): EditStep {
  const graph = new Graph();
  const inputs: PassInputs = { noise: [], hosts: [] };
  const { tasks } = network;
  const found = trace((tracer) => {
    bindVariables(tracer, layout);
    const { pass, assigned } = tracedPass(tracer, inputs, { tasks, training: true });
    const part = watched(network, tracer).surgeries[surgery];
    if (!part.edit) {
      throw brokenPart(
        network.nameOf(network.surgeries[surgery]),
        "a surgery must have `mix` or `edit`",
        "it has neither",
      );
    }
    const jacobian = tracer.tensor(graph.view(ROWS_SPACE, 0, [tasks.length, columns]));
    const present = tracer.tensor(graph.view(SPACE.present, 0, [tasks.length]));
    const edited = part.edit(jacobian as Tensor2D, present as Tensor1D, pass);
    if (edited.shape.join() !== jacobian.shape.join()) {
      throw brokenPart(
        network.nameOf(network.surgeries[surgery]),
        `edit must return [${jacobian.shape.join(", ")}]`,
        `got [${edited.shape.join(", ")}]`,
      );
    }
    return {
      rows: tracer.nodeOf(edited),
      assigned: [...assigned].map(([variable, value]) => ({
        variable,
        value: tracer.nodeOf(value),
      })),
    };
  }, graph);
  return { graph, inputs, ...found };
}
