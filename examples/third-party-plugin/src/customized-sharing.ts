import {
  type ArchitecturePlugin,
  badOption,
  CONTRACT,
  type InputShape,
  type Outputs,
  type Parameter,
  unmetNeed,
} from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import type { Tensor, Tensor2D } from "@tensorflow/tfjs";

export interface CustomizedSharingOptions {
  /** Units of the layer that all tasks read. */
  readonly shared: number;
  /** Units of each task's own layer. */
  readonly own: number;
}

/**
 * One layer for all tasks and one for each, side by side, and a linear head on both: no gate.
 *
 * y_k = [relu(x·S), relu(x·B_k)]·H_k. x [batch, width] in, scores [batch, units of the task] out.
 *
 * The baseline "customized sharing" of Tang et al. (PLE), RecSys 2020, figure 1.
 *
 * @throws POLYTASK_OPTION for sizes that are not positive whole numbers; POLYTASK_NEED for an input that is no vector.
 */
export function customizedSharing<Name extends string>(
  options: CustomizedSharingOptions,
): ArchitecturePlugin<Name> {
  for (const option of ["shared", "own"] as const) {
    if (!(Number.isInteger(options[option]) && options[option] > 0)) {
      throw badOption("customizedSharing", option, "a positive whole number", options[option]);
    }
  }
  return {
    kind: "architecture",
    name: "arch-customized-sharing",
    contract: CONTRACT,
    create: (scope) => {
      const width = widthOf(scope.inputs);
      const make = (
        name: string,
        shape: [number, number],
        tasks: readonly Name[],
        role?: string,
      ): Parameter<Name> => {
        const random = scope.random(name);
        const reach = Math.sqrt(6 / (shape[0] + shape[1]));
        const values = Float32Array.from(
          { length: shape[0] * shape[1] },
          () => (2 * random.uniform() - 1) * reach,
        );
        const variable = scope.variable(() => tf.tensor2d(values, shape));
        return { name, variable, tasks, ...(role !== undefined && { role }) };
      };
      const shared = make("shared/kernel", [width, options.shared], scope.tasks);
      const branches = scope.tasks.map((task) => {
        const { units } = scope.task(task);
        return {
          task,
          own: make(`own/${task}/kernel`, [width, options.own], [task], "own/kernel"),
          head: make(
            `head/${task}/kernel`,
            [options.shared + options.own, units],
            [task],
            "head/kernel",
          ),
        };
      });
      return {
        parameters: [shared, ...branches.flatMap(({ own, head }) => [own, head])],
        lastShared: [shared.variable],
        forward: (inputs, pass) => {
          const x = inputs as Tensor2D;
          const layer = ({ variable }: Parameter<Name>): Tensor2D =>
            tf.relu(tf.matMul(x, variable as Tensor2D));
          const common = layer(shared);
          const scores = branches
            .filter(({ task }) => pass.tasks.includes(task))
            .map(({ task, own, head }): [Name, Tensor] => [
              task,
              tf.matMul(tf.concat([common, layer(own)], 1), head.variable as Tensor2D),
            ]);
          return Object.fromEntries(scores) as Outputs<Name>;
        },
      };
    },
  };
}

function widthOf(inputs: InputShape): number {
  if (Array.isArray(inputs) && inputs.length === 1) return (inputs as readonly number[])[0];
  throw unmetNeed(
    "customizedSharing",
    "needs one vector per example",
    `the encoder gives ${JSON.stringify(inputs)}`,
  );
}
