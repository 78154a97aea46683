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

/** In float64: the mean of (x·w − y)² over the rows that have a label, and its gradient at w. */
export function squaredError(
  x: readonly (readonly number[])[],
  y: readonly (number | null)[],
  w: readonly number[],
): { readonly loss: number; readonly gradient: readonly number[] } {
  const rows = x.flatMap((row, i) => {
    const label = y[i];
    return label === null ? [] : [{ row, error: dot(row, w) - label }];
  });
  return {
    loss: rows.reduce((sum, { error }) => sum + error ** 2, 0) / rows.length,
    gradient: w.map(
      (_, j) => rows.reduce((sum, { row, error }) => sum + 2 * error * row[j], 0) / rows.length,
    ),
  };
}

export const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * b[i], 0);

/** a + factor·b */
export const plus = (a: readonly number[], b: readonly number[], factor = 1): number[] =>
  a.map((value, i) => value + factor * b[i]);
