import type { Tracer } from "../trace.ts";
import type { Layout } from "./layout.ts";

/** Names of the memories that every step reads; columns, noise and host values have their own. */
export const SPACE = {
  parameters: "parameters",
  buffers: "buffers",
  /** Label values of the group's tasks, one after another. */
  labels: "labels",
  /** 1 where a label is present: bool, laid out like the labels. */
  masks: "masks",
  /** One over the step's label count of every task, [T]; 0 for an absent one. */
  shares: "shares",
  /** [T] of 0 and 1. */
  present: "present",
  /** Losses [T] of the whole step, where weights are computed from them alone. */
  losses: "losses",
  /** What every task's loss weighs in one more backward pass: [T], as often as there are weightings. */
  mixing: "mixing",
  /** The unit vectors over which the Jacobian is vectorised; never read. */
  units: "units",
} as const;

export const columnSpace = (name: string): string => `column/${name}`;

/** Lets every variable of the network stand for its place in memory. */
export function bindVariables(tracer: Tracer, layout: Layout): void {
  const { graph } = tracer;
  for (const { variable, at } of layout.parameters) {
    tracer.bind(variable, graph.view(SPACE.parameters, at, variable.shape));
  }
  for (const { variable, at } of layout.buffers) {
    tracer.bind(variable, graph.view(SPACE.buffers, at, variable.shape));
  }
}
