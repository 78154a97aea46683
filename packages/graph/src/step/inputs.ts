import type { Pass, StepPlace } from "@polytask/core";
import { brokenPart, detach } from "@polytask/core/engine";
import type { Tensor, Variable } from "@tensorflow/tfjs";
import type { Shape } from "../node.ts";
import type { Tracer } from "../trace.ts";

/** Noise that a step is given anew every time. */
export interface NoiseInput {
  readonly space: string;
  readonly shape: Shape;
  readonly law: "uniform" | "normal";
}

/** Values that the host computes before every step. */
export interface HostInput {
  readonly space: string;
  readonly shape: Shape;
  readonly read: (at: StepPlace) => ArrayLike<number>;
}

/** What a traced step asked its pass for, in the order in which it asked. */
export interface PassInputs {
  readonly noise: NoiseInput[];
  readonly hosts: HostInput[];
}

/** A pass under trace: what varies from step to step becomes an input of the graph. */
export interface TracedPass<Name extends string> {
  readonly pass: Pass<Name>;
  readonly activations: Readonly<Record<string, Tensor>>;
  readonly assigned: ReadonlyMap<Variable, Tensor>;
}

/** Opens a pass that adds to `inputs`; the part in whose code it is asked is found by the tracer. */
export function tracedPass<Name extends string>(
  tracer: Tracer,
  inputs: PassInputs,
  { tasks, training }: { readonly tasks: readonly Name[]; readonly training: boolean },
): TracedPass<Name> {
  const activations: Record<string, Tensor> = {};
  const assigned = new Map<Variable, Tensor>();
  const pass: Pass<Name> = {
    tasks,
    training,
    noise: (shape, law = "uniform") => {
      const space = `noise/${inputs.noise.length}`;
      inputs.noise.push({ space, shape: [...shape], law });
      return tracer.tensor(tracer.graph.view(space, 0, shape));
    },
    host: (key, shape, read) => {
      const space = `host/${tracer.running.slot}/${key}`;
      const known = inputs.hosts.find((host) => host.space === space);
      if (known && known.shape.join() !== shape.join()) {
        throw brokenPart(
          tracer.running.part,
          `the host value "${key}" must have one shape`,
          `it has [${known.shape.join(", ")}] and [${shape.join(", ")}]`,
        );
      }
      if (!known) inputs.hosts.push({ space, shape: [...shape], read });
      return tracer.tensor(tracer.graph.view(space, 0, shape));
    },
    detach,
    expose: (name, value) => {
      activations[name] = value;
      return value;
    },
    assign: (variable, value) => {
      if (training) assigned.set(variable, value);
    },
  };
  return { pass, activations, assigned };
}
