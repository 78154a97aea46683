import {
  type Activation,
  checkActivation,
  checkRate,
  checkSizes,
  checkTowers,
  mlp,
  perTask,
  towers,
  type TowerSizes,
  vectorInput,
} from "@polytask/blocks";
import { type ArchitecturePlugin, CONTRACT } from "@polytask/core";
import type { Tensor } from "@tensorflow/tfjs";

export interface SharedBottomOptions<Name extends string = string> {
  /** Units of the shared layers; at least one. */
  readonly hidden: readonly number[];
  /** Hidden layers of the towers, for all tasks or by task. Default: none, a linear head on the bottom. */
  readonly towers?: TowerSizes<NoInfer<Name>>;
  /** After every hidden layer. Default "relu". */
  readonly activation?: Activation;
  /** In training, the probability with which a hidden unit is left out. Default 0. */
  readonly dropout?: number;
}

/**
 * Hard parameter sharing: one bottom for all tasks, a tower per task.
 *
 * y_k = tower_k(bottom(x)). x [batch, width] in, scores [batch, units of the task] out. The bottom belongs to all
 * tasks, a tower to its own. `lastShared`: the last layer of the bottom.
 *
 * Caruana, Multitask Learning, Machine Learning 28, 1997.
 *
 * @throws POLYTASK_OPTION for sizes below 1, no shared layer or a rate outside [0, 1); POLYTASK_UNKNOWN_TASK; POLYTASK_NEED for an input that
 * is not one vector per example or a task with more than one label per example.
 */
export function sharedBottom<Name extends string>(
  options: SharedBottomOptions<Name>,
): ArchitecturePlugin<Name> {
  const who = "sharedBottom";
  const { hidden, activation = "relu", dropout = 0 } = options;
  checkSizes(who, "hidden", hidden, 1);
  checkActivation(who, "activation", activation);
  checkRate(who, "dropout", dropout);
  checkTowers(who, options.towers ?? []);
  return {
    kind: "architecture",
    name: "arch-shared-bottom",
    contract: CONTRACT,
    create: (scope) => {
      const bottom = mlp(scope, {
        name: "bottom",
        tasks: scope.tasks,
        input: vectorInput(scope, who),
        hidden,
        activation,
        dropout,
      });
      const tops = towers(scope, {
        who,
        input: bottom.shape[0],
        hidden: options.towers,
        activation,
        dropout,
      });
      return {
        parameters: [...bottom.parameters, ...scope.tasks.flatMap((task) => tops[task].parameters)],
        lastShared: bottom.last.map(({ variable }) => variable),
        forward: (inputs, pass) => {
          const h = bottom.forward(inputs as Tensor, pass);
          return perTask(pass.tasks, (task) => tops[task].forward(h, pass));
        },
      };
    },
  };
}
