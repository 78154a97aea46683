import { type ArchitecturePlugin, CONTRACT, type Outputs, type SomeTasks } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";

/** Starting values: one vector that all tasks share, and one of each task's own (default 0). */
export interface Start<Name extends string> {
  readonly shared: readonly number[];
  readonly own?: SomeTasks<NoInfer<Name>, readonly number[]>;
}

/** score_k = x·(shared + own_k), x [batch, d]: a network whose gradients can be worked out by hand. */
export function linear<Name extends string>(start: Start<Name>): ArchitecturePlugin<Name> {
  return {
    kind: "architecture",
    name: "arch-linear",
    contract: CONTRACT,
    create: (scope) => {
      const column = (values: readonly number[]) =>
        scope.variable(() => tf.tensor2d([...values], [values.length, 1]));
      const shared = column(start.shared);
      const starts: SomeTasks<Name, readonly number[]> = start.own ?? {};
      const own = scope.tasks.map((name) => ({
        name: `own/${name}`,
        variable: column(starts[name] ?? start.shared.map(() => 0)),
        tasks: [name],
        role: "own",
      }));
      return {
        parameters: [{ name: "shared", variable: shared, tasks: scope.tasks }, ...own],
        lastShared: [shared],
        forward: (x, pass) =>
          Object.fromEntries(
            pass.tasks.map((name) => {
              const { variable } = own[scope.tasks.indexOf(name)];
              return [name, tf.matMul(x as tf.Tensor2D, tf.add(shared, variable))];
            }),
          ) as Outputs<Name>,
      };
    },
  };
}
