import type { Network } from "@polytask/core";
import { onTape, traceWeights } from "@polytask/core/engine";
import type { Tensor1D } from "@tensorflow/tfjs";
import { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import type { Recording } from "../recording.ts";
import { trace } from "../trace.ts";
import { type PassInputs, tracedPass } from "./inputs.ts";
import type { Layout } from "./layout.ts";
import { bindVariables, SPACE } from "./spaces.ts";
import { watched } from "./watched.ts";

/** Weights of losses that several groups, or rows of J, have been gathered for. */
export interface WeighStep {
  readonly graph: Graph;
  readonly inputs: PassInputs;
  /** What the trace fixed, to be compared with a later one. */
  readonly recording: Recording;
  /** Effective weights [T]. */
  readonly weights: Node;
  /** Gradient of the weighting at the extras, in the network's order. */
  readonly extras: readonly (Node | undefined)[];
}

/** Traces the weighting alone, on the losses [T] of the whole step. */
export function traceWeigh<Name extends string>(
  network: Network<Name>,
  layout: Layout<Name>,
  everyone: boolean,
): WeighStep {
  const graph = new Graph();
  const inputs: PassInputs = { noise: [], hosts: [] };
  const { tasks } = network;
  const found = trace((tracer) => {
    bindVariables(tracer, layout);
    const { pass } = tracedPass(tracer, inputs, { tasks, training: true });
    return onTape(() => {
      const losses = tracer.tensor(graph.view(SPACE.losses, 0, [tasks.length])) as Tensor1D;
      const present = tracer.tensor(
        everyone ? graph.constant(1, [tasks.length]) : graph.view(SPACE.present, 0, [tasks.length]),
      ) as Tensor1D;
      const { weights, gradients } = traceWeights(watched(network, tracer), losses, {
        present,
        everyone,
        pass,
      });
      return {
        weights: tracer.nodeOf(weights),
        extras: gradients.map((gradient) => (gradient ? tracer.nodeOf(gradient) : undefined)),
        recording: tracer.recording,
      };
    });
  }, graph);
  return { graph, inputs, ...found };
}
