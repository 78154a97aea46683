import * as tf from "@tensorflow/tfjs";
import type { Tensor, Variable } from "@tensorflow/tfjs";
import { drawNoise } from "./noise.ts";
import type { Pass, StepPlace } from "./pass.ts";
import type { Random } from "./random.ts";
import { sizeOf } from "./rows.ts";
import { detach } from "./tape.ts";

/** A pass that computes at once, and what was exposed and assigned in it. */
export interface EagerPass<Name extends string> {
  readonly pass: Pass<Name>;
  readonly activations: Readonly<Record<string, Tensor>>;
  readonly assigned: ReadonlyMap<Variable, Tensor>;
}

/** Opens a pass. Its tensors belong to the tidy or tape that runs it. */
export function eagerPass<Name extends string>(options: {
  readonly tasks: readonly Name[];
  readonly training: boolean;
  readonly place: StepPlace;
  readonly noise: Random;
}): EagerPass<Name> {
  const { tasks, training, place, noise } = options;
  const activations: Record<string, Tensor> = {};
  const assigned = new Map<Variable, Tensor>();
  return {
    activations,
    assigned,
    pass: {
      tasks,
      training,
      noise: (shape, law = "uniform") =>
        tf.tensor(drawNoise(noise, sizeOf(shape), law), [...shape], "float32"),
      host: (_key, shape, read) => tf.tensor(Float32Array.from(read(place)), [...shape], "float32"),
      detach,
      expose: (name, value) => {
        activations[name] = value;
        return value;
      },
      assign: (variable, value) => {
        if (training) assigned.set(variable, value);
      },
    },
  };
}
