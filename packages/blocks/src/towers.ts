import {
  badOption,
  type PerTask,
  PolytaskError,
  type Scope,
  type SomeTasks,
  unknownTask,
} from "@polytask/core";
import type { Activation } from "./activation.ts";
import type { Block } from "./block.ts";
import { checkSizes } from "./checks.ts";
import { dense } from "./dense.ts";
import { mlp } from "./mlp.ts";
import { perTask } from "./tasks.ts";

/** Hidden layers of the towers: one list for all tasks, or a list per task (tasks without one get none). */
export type TowerSizes<Name extends string = string> =
  readonly number[] | SomeTasks<Name, readonly number[]>;

export interface TowersOptions<Name extends string = string> {
  /** Whose towers: the architecture's name, for errors. */
  readonly who: string;
  /** Length of what a tower reads: the same for all, or by task. */
  readonly input: number | PerTask<Name, number>;
  /** Default: no hidden layers. */
  readonly hidden?: TowerSizes<Name> | undefined;
  /** After hidden layers. Default "relu". */
  readonly activation?: Activation;
  /** In training, the probability with which a hidden unit is left out. Default 0. */
  readonly dropout?: number;
}

/**
 * A tower per task: hidden layers, then a linear head of `task.units`.
 *
 * x [batch, input] in, scores [batch, task.units] out. Every parameter belongs to its one task. Names
 * "tower/<task>/<layer>/kernel" and "head/<task>/kernel"; roles "tower/<layer>/kernel" and "head/kernel" pair them.
 *
 * @throws POLYTASK_UNKNOWN_TASK for sizes of a task that is not there; POLYTASK_OPTION for sizes below 1; POLYTASK_NEED
 * for a task whose labels are not one number per example.
 */
export function towers<Name extends string>(
  scope: Scope<Name>,
  options: TowersOptions<Name>,
): PerTask<Name, Block<Name>> {
  const { who, input, hidden = [], activation = "relu", dropout = 0 } = options;
  checkTowers(who, hidden, scope.tasks);
  for (const task of scope.tasks) refuseStructuredLabels(who, task, scope.task(task).labelShape);

  return perTask(scope.tasks, (task) => {
    const tower = mlp(scope, {
      name: `tower/${task}`,
      tasks: [task],
      role: "tower",
      input: typeof input === "number" ? input : input[task],
      hidden: sizesOf(hidden, task),
      activation,
      dropout,
    });
    const head = dense(scope, {
      name: `head/${task}`,
      tasks: [task],
      role: "head",
      input: tower.shape[0],
      units: scope.task(task).units,
    });
    return {
      parameters: [...tower.parameters, ...head.parameters],
      shape: head.shape,
      forward: (x, pass) => head.forward(tower.forward(x, pass), pass),
    };
  });
}

/**
 * Checks an option `towers`; without `tasks` (in a factory, where they are not known yet) the sizes alone.
 *
 * @throws POLYTASK_OPTION, POLYTASK_UNKNOWN_TASK
 */
export function checkTowers(who: string, hidden: TowerSizes, tasks?: readonly string[]): void {
  if (isList(hidden)) {
    checkSizes(who, "towers", hidden);
    return;
  }
  if (typeof hidden !== "object" || (hidden as unknown) === null) {
    throw badOption(who, "towers", "a list of layer sizes, or such a list per task", hidden);
  }
  for (const [task, sizes] of Object.entries(hidden)) {
    if (tasks && !tasks.includes(task)) throw unknownTask(`${who}, option "towers"`, task, tasks);
    if (sizes !== undefined) checkSizes(who, `towers.${task}`, sizes);
  }
}

const isList = (hidden: TowerSizes): hidden is readonly number[] => Array.isArray(hidden);

const sizesOf = <Name extends string>(hidden: TowerSizes<Name>, task: Name): readonly number[] =>
  isList(hidden) ? hidden : (hidden[task] ?? []);

function refuseStructuredLabels(who: string, task: string, labelShape: readonly number[]): void {
  if (labelShape.length === 0) return;
  throw new PolytaskError({
    code: "POLYTASK_NEED",
    who,
    required:
      "every task must have one label per example, since its scores have shape [batch, units]",
    found: `the labels of task "${task}" have shape [${labelShape.join(", ")}]`,
    remedy: `Choose an architecture for such tasks, or give "${task}" one label per example.`,
  });
}
