import { type ArchitecturePlugin, CONTRACT, type Outputs, type SomeTasks } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";

/** Starting values: a kernel that all tasks share, and one of each task's own. */
export interface Start<Name extends string> {
  readonly shared: readonly number[];
  readonly own: SomeTasks<NoInfer<Name>, readonly number[]>;
}

/** score_k = x·(shared + own_k) + bias_k, biases 1 at the start. Where x is 0, no loss has a gradient at a kernel. */
export function affine<Name extends string>(start: Start<Name>): ArchitecturePlugin<Name> {
  return {
    kind: "architecture",
    name: "arch-affine",
    contract: CONTRACT,
    create: (scope) => {
      const column = (values: readonly number[]) =>
        scope.variable(() => tf.tensor2d([...values], [values.length, 1]));
      const shared = column(start.shared);
      const starts: SomeTasks<Name, readonly number[]> = start.own;
      const heads = scope.tasks.map((name) => ({
        kernel: {
          name: `head/${name}/kernel`,
          variable: column(starts[name] ?? start.shared.map(() => 0)),
          tasks: [name],
          role: "head/kernel",
        },
        bias: {
          name: `head/${name}/bias`,
          variable: scope.variable(() => tf.ones([1])),
          tasks: [name],
          role: "head/bias",
        },
      }));
      return {
        parameters: [
          { name: "shared/kernel", variable: shared, tasks: scope.tasks },
          ...heads.flatMap(({ kernel, bias }) => [kernel, bias]),
        ],
        lastShared: [shared],
        forward: (x, pass) =>
          Object.fromEntries(
            pass.tasks.map((name) => {
              const { kernel, bias } = heads[scope.tasks.indexOf(name)];
              const weights = tf.add(shared, kernel.variable);
              return [
                name,
                tf.add(tf.matMul(x as tf.Tensor2D, weights as tf.Tensor2D), bias.variable),
              ];
            }),
          ) as Outputs<Name>,
      };
    },
  };
}
