import type { ElementwiseProx, Network, OwnedParameter } from "@polytask/core";
import type { Scalar } from "@tensorflow/tfjs";
import { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { trace } from "../trace.ts";
import { type PassInputs, tracedPass } from "./inputs.ts";
import type { Layout } from "./layout.ts";
import { bindVariables } from "./spaces.ts";
import { watched } from "./watched.ts";

/** The learning rate of the step, a scalar. */
export const RATE_SPACE = "rate";

/** A proximal step on every selected parameter by itself. */
export interface ProxStep<Name extends string> {
  readonly graph: Graph;
  readonly inputs: PassInputs;
  readonly values: readonly { readonly parameter: OwnedParameter<Name>; readonly value: Node }[];
}

/** Traces the element-wise proximal step of one of the network's regularizers. */
export function traceProx<Name extends string>(
  network: Network<Name>,
  layout: Layout<Name>,
  regularizer: number,
): ProxStep<Name> {
  const graph = new Graph();
  const inputs: PassInputs = { noise: [], hosts: [] };
  const values = trace((tracer) => {
    bindVariables(tracer, layout);
    const prox = watched(network, tracer).regularizers[regularizer].prox as ElementwiseProx;
    const { pass } = tracedPass<string>(tracer, inputs, { tasks: network.tasks, training: true });
    const rate = tracer.tensor(graph.view(RATE_SPACE, 0, [])) as Scalar;
    return prox.select(network.parameters).map((parameter) => ({
      parameter,
      value: tracer.nodeOf(prox.apply(parameter.variable, rate, pass)),
    }));
  }, graph);
  return { graph, inputs, values };
}
