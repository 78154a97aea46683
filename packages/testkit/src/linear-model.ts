import * as tf from "@tensorflow/tfjs";
import type { Tensor2D, Variable } from "@tensorflow/tfjs";
import {
  type ArchitecturePlugin,
  badOption,
  CONTRACT,
  type Outputs,
  type Parameter,
  type SomeTasks,
  unknownTask,
} from "@polytask/core";

/** Where the linear model's parameters start. */
export interface LinearModelOptions<Name extends string> {
  /** The kernel that all tasks share, one number an input. */
  readonly shared: readonly number[];
  /** A task's own kernel, as long as the shared one. Default: 0. */
  readonly own?: SomeTasks<NoInfer<Name>, readonly number[]>;
  /** Gives every task a bias, which starts here. Default: no biases. */
  readonly bias?: number;
}

/**
 * A network whose gradients can be worked out by hand: score_k = x·(shared + own_k) + bias_k, for tasks of one score each.
 *
 * With e_k = ∂L_k/∂score_k for every example, xᵀe_k is the gradient of L_k at the shared kernel and at its own, Σe_k at
 * its bias. Where x is 0 and there are biases, losses differ from 0 and have no gradient at a kernel: whatever moves one is
 * not the loss. Input x [batch, d], scores [batch, 1], float32.
 *
 * Parameters: "shared/kernel" [d, 1], the last shared one; "own/⟨task⟩/kernel" [d, 1] in the role "own/kernel"; with `bias`
 * "own/⟨task⟩/bias" [1] in the role "own/bias".
 *
 * Throws `POLYTASK_OPTION` for an own kernel of another length than the shared one; createTrainer throws
 * `POLYTASK_UNKNOWN_TASK` for one of a task that it does not have.
 */
export function linearModel<Name extends string>({
  shared,
  own = {},
  bias,
}: LinearModelOptions<Name>): ArchitecturePlugin<Name> {
  const starts: SomeTasks<Name, readonly number[]> = own;
  for (const [name, values] of Object.entries<readonly number[] | undefined>(starts)) {
    if (values === undefined || values.length === shared.length) continue;
    const required = `${shared.length} numbers, as many as "shared"`;
    throw badOption("linearModel", `own.${name}`, required, values.length);
  }
  return {
    kind: "architecture",
    name: "arch-linear",
    contract: CONTRACT,
    create: (scope) => {
      const stray = Object.keys(starts).find((name) => !scope.tasks.some((task) => task === name));
      if (stray !== undefined) {
        throw unknownTask(`linearModel, option "own"`, stray, scope.tasks);
      }
      const column = (values: readonly number[]): Variable =>
        scope.variable(() => tf.tensor2d([...values], [values.length, 1]));
      const common = column(shared);
      const parameters: Parameter<Name>[] = [
        { name: "shared/kernel", variable: common, tasks: scope.tasks },
      ];
      const ownVariable = (task: Name, part: string, variable: Variable): Variable => {
        parameters.push({
          name: `own/${task}/${part}`,
          variable,
          tasks: [task],
          role: `own/${part}`,
        });
        return variable;
      };
      const heads = scope.tasks.map((task) => ({
        kernel: ownVariable(task, "kernel", column(starts[task] ?? shared.map(() => 0))),
        bias:
          bias !== undefined &&
          ownVariable(
            task,
            "bias",
            scope.variable(() => tf.tensor1d([bias])),
          ),
      }));
      return {
        parameters,
        lastShared: [common],
        forward: (x, pass) =>
          Object.fromEntries(
            pass.tasks.map((task) => {
              const head = heads[scope.tasks.indexOf(task)];
              const score = tf.matMul(x as Tensor2D, tf.add(common, head.kernel));
              return [task, head.bias ? tf.add(score, head.bias) : score];
            }),
          ) as Outputs<Name>,
      };
    },
  };
}
