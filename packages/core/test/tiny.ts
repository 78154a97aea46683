import * as tf from "@tensorflow/tfjs";
import {
  type ArchitecturePlugin,
  CONTRACT,
  type Inputs,
  type Outputs,
  type Pass,
  seededRandom,
} from "@polytask/core";

/** One shared layer and a head per task: the smallest network that has something to share. */
export function tiny<Name extends string>(
  options: {
    readonly width?: number;
    readonly hidden?: number;
    /** Lets a test look into the forward pass. */
    readonly forward?: (hidden: tf.Tensor, pass: Pass<Name>) => tf.Tensor;
  } = {},
): ArchitecturePlugin<Name> {
  const { width = 4, hidden = 6, forward = (h) => h } = options;
  return {
    kind: "architecture",
    name: "arch-tiny",
    contract: CONTRACT,
    create: (scope) => {
      const random = scope.random("init");
      const make = (rows: number, columns: number) =>
        scope.variable(() =>
          tf.tensor2d(
            Float32Array.from({ length: rows * columns }, () => 0.5 * random.normal()),
            [rows, columns],
          ),
        );
      const shared = make(width, hidden);
      const heads = scope.tasks.map((name) => ({
        name,
        variable: make(hidden, scope.task(name).units),
      }));
      return {
        parameters: [
          { name: "shared", variable: shared, tasks: scope.tasks },
          ...heads.map(({ name, variable }) => ({
            name: `head/${name}`,
            variable,
            tasks: [name],
            role: "head",
          })),
        ],
        lastShared: [shared],
        forward: (x: Inputs, pass: Pass<Name>) => {
          const h = forward(tf.tanh(tf.matMul(x as tf.Tensor2D, shared as tf.Tensor2D)), pass);
          return Object.fromEntries(
            heads
              .filter(({ name }) => pass.tasks.includes(name))
              .map(({ name, variable }) => [
                name,
                tf.matMul(h as tf.Tensor2D, variable as tf.Tensor2D),
              ]),
          ) as Outputs<Name>;
        },
      };
    },
  };
}

/** Seeded numbers for inputs and labels. */
export function numbers(length: number, seed = 1): number[] {
  const random = seededRandom(seed)("data");
  return Array.from({ length }, () => random.normal());
}

/** n examples of four numbers with a yes/no label and a number, every `gap`-th of which is missing. */
export function someData(n: number, gap = 0) {
  const inputs = Float32Array.from(numbers(n * 4));
  const missing = (i: number, phase: number) => gap > 0 && i % gap === phase;
  return {
    inputs,
    labels: {
      click: Array.from({ length: n }, (_, i) =>
        missing(i, 0) ? null : inputs[i * 4] + inputs[i * 4 + 1] > 0 ? 1 : 0,
      ),
      price: Array.from({ length: n }, (_, i) =>
        missing(i, 1) ? null : inputs[i * 4 + 2] - 0.5 * inputs[i * 4],
      ),
    },
  };
}
