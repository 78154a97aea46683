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
import { type ArchitecturePlugin, badOption, CONTRACT, type StepPlace } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import type { Scalar, Tensor } from "@tensorflow/tfjs";

export interface SoftSharingOptions<Name extends string = string> {
  /** Units of the tied layers of every network; at least one. */
  readonly hidden: readonly number[];
  /** λ, at least 0; or what it is at a step. */
  readonly strength: number | ((at: StepPlace) => number);
  /** Hidden layers of the towers, which are not tied, for all tasks or by task. Default: none. */
  readonly towers?: TowerSizes<NoInfer<Name>>;
  /** After every hidden layer. Default "relu". */
  readonly activation?: Activation;
  /** In training, the probability with which a hidden unit is left out. Default 0. */
  readonly dropout?: number;
}

/**
 * Soft parameter sharing: a network per task, whose bottoms are tied by their squared distance.
 *
 * y_k = tower_k(bottom_k(x)), penalty λ·Σ_{i<j} ‖θ_i − θ_j‖² over the bottoms' kernels and biases θ; every pair counts
 * once, towers and heads are free. x [batch, width] in, scores [batch, units of the task] out. Every parameter belongs to
 * one task: the tie is a penalty, outside J, so a surgery finds nothing to edit. `lastShared`: the last tied layers.
 *
 * Duong et al., ACL 2015 (the tie, there to a parser trained before).
 *
 * @throws POLYTASK_OPTION for sizes below 1, no tied layer or a negative strength; POLYTASK_UNKNOWN_TASK;
 * POLYTASK_TOO_FEW_TASKS for one task; POLYTASK_NEED for an input that is not one vector per example or a task with more
 * than one label per example.
 */
export function softSharing<Name extends string>(
  options: SoftSharingOptions<Name>,
): ArchitecturePlugin<Name> {
  const who = "softSharing";
  const { hidden, strength, activation = "relu", dropout = 0 } = options;
  checkSizes(who, "hidden", hidden, 1);
  if (typeof strength !== "function") checkStrength(who, strength);
  checkActivation(who, "activation", activation);
  checkRate(who, "dropout", dropout);
  checkTowers(who, options.towers ?? []);
  return {
    kind: "architecture",
    name: "arch-soft-sharing",
    contract: CONTRACT,
    create: (scope) => {
      const width = vectorInput(scope, who);
      const bottoms = perTask(scope.tasks, (task) =>
        mlp(scope, {
          name: `bottom/${task}`,
          tasks: [task],
          role: "bottom",
          input: width,
          hidden,
          activation,
          dropout,
        }),
      );
      const tops = towers(scope, {
        who,
        input: hidden[hidden.length - 1],
        hidden: options.towers,
        activation,
        dropout,
      });
      const networks = scope.tasks.map((task) => bottoms[task]);
      return {
        parameters: [
          ...networks.flatMap(({ parameters }) => parameters),
          ...scope.tasks.flatMap((task) => tops[task].parameters),
        ],
        lastShared: networks.flatMap(({ last }) => last.map(({ variable }) => variable)),
        needs: { tasks: 2 },
        forward: (inputs, pass) =>
          perTask(pass.tasks, (task) =>
            tops[task].forward(bottoms[task].forward(inputs as Tensor, pass), pass),
          ),
        penalty: (pass) => {
          const tied = networks[0].parameters.map((_, i) =>
            squaredDistances(networks.map(({ parameters }) => parameters[i].variable)),
          );
          const lambda =
            typeof strength === "function"
              ? pass.host("strength", [], (at) => [checkStrength(who, strength(at))])
              : strength;
          return tf.mul(tf.addN(tied), lambda);
        },
      };
    },
  };
}

/**
 * Σ_{i<j} ‖θ_i − θ_j‖² of T equally shaped tensors, as T·Σ_i ‖θ_i − mean‖²: the same number and gradient from T
 * differences instead of T(T−1)/2.
 */
function squaredDistances(thetas: readonly Tensor[]): Scalar {
  const mean = tf.div(tf.addN([...thetas]), thetas.length);
  const squares = thetas.map((theta) => tf.sum<Scalar>(tf.square(tf.sub(theta, mean))));
  return tf.mul(tf.addN(squares), thetas.length);
}

function checkStrength(who: string, strength: number): number {
  if (!(strength >= 0 && strength < Infinity)) {
    throw badOption(who, "strength", "a finite number of at least 0", strength);
  }
  return strength;
}
