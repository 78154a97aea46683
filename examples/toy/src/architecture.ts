import {
  type ArchitecturePlugin,
  CONTRACT,
  type Outputs,
  type PerTask,
  type Task,
} from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import { type Point, toyLosses, type ToyOptions } from "./problem.ts";

export type ToyTask = "first" | "second";

/** A task whose loss is the score itself: what the model says is what it pays. */
const itself: Task = {
  kind: "itself",
  units: 1,
  labelShape: [],
  loss: (scores) => tf.squeeze(scores, [-1]),
  link: (scores) => scores,
  noise: "gaussian",
  metrics: [],
};

export const tasks: PerTask<ToyTask, Task> = { first: itself, second: itself };

/** One example that says nothing: no inputs, and labels that nobody looks at. */
export const nothing = { inputs: {}, labels: { first: [0], second: [0] } };

/** Two numbers that both tasks share, and no network: the scores are the two losses. */
export function twoNumbers(start: Point, options: ToyOptions = {}): ArchitecturePlugin<ToyTask> {
  return {
    kind: "architecture",
    name: "arch-two-numbers",
    contract: CONTRACT,
    create: (scope) => {
      const x = scope.variable(() => tf.tensor1d([...start]));
      return {
        parameters: [{ name: "x", variable: x, tasks: scope.tasks }],
        lastShared: [x],
        forward: (): Outputs<ToyTask> => {
          const [x1, x2] = tf.split(x, 2);
          const [first, second] = toyLosses(x1, x2, options);
          return { first: tf.reshape(first, [1, 1]), second: tf.reshape(second, [1, 1]) };
        },
      };
    },
  };
}
