import {
  type Activation,
  checkActivation,
  checkRate,
  checkSizes,
  checkTowers,
  dense,
  dropout,
  perTask,
  towers,
  type TowerSizes,
  vectorInput,
} from "@polytask/blocks";
import {
  type ArchitecturePlugin,
  badOption,
  CONTRACT,
  type PerTask,
  unknownTask,
} from "@polytask/core";
import type { Tensor } from "@tensorflow/tfjs";

export interface HierarchicalOptions<Name extends string = string> {
  /** Units of the shared layers, the lowest first. */
  readonly layers: readonly number[];
  /** For every task the layer that its tower reads; 0 is the lowest. Some task reads the last. */
  readonly attach: PerTask<NoInfer<Name>, number>;
  /** Hidden layers of the towers, for all tasks or by task. Default: none, a linear head on the layer. */
  readonly towers?: TowerSizes<NoInfer<Name>>;
  /** After every hidden layer. Default "relu". */
  readonly activation?: Activation;
  /** In training, the probability with which a hidden unit is left out. Default 0. */
  readonly dropout?: number;
}

/**
 * Hierarchical sharing: low-level tasks are supervised at lower layers of one network than high-level tasks.
 *
 * h_l = activation(h_{l−1}·W_l + b_l), h_{−1} = x; y_k = tower_k(h_{attach k}). x [batch, width] in, scores [batch, units
 * of the task] out. Layer l belongs to the tasks attached at l or above: their gradients do flow into lower layers.
 * `lastShared`: the highest layer that all tasks read, so that no task's gradient there is 0 by construction.
 *
 * Søgaard & Goldberg, Deep multi-task learning with low level tasks supervised at lower layers, ACL 2016.
 *
 * @throws POLYTASK_OPTION for sizes below 1, a task that is not attached or attached to no layer, or a last layer
 * without a task; POLYTASK_UNKNOWN_TASK; POLYTASK_NEED for an input that is not one vector per example or a task with
 * more than one label per example.
 */
export function hierarchical<Name extends string>(
  options: HierarchicalOptions<Name>,
): ArchitecturePlugin<Name> {
  const who = "hierarchical";
  const { layers: sizes, attach, activation = "relu", dropout: rate = 0 } = options;
  checkSizes(who, "layers", sizes, 1);
  checkAttach(who, attach, sizes.length);
  checkActivation(who, "activation", activation);
  checkRate(who, "dropout", rate);
  checkTowers(who, options.towers ?? []);
  return {
    kind: "architecture",
    name: "arch-shared-bottom",
    contract: CONTRACT,
    create: (scope) => {
      for (const name of Object.keys(attach)) {
        if (!(scope.tasks as readonly string[]).includes(name)) {
          throw unknownTask(`${who}, option "attach"`, name, scope.tasks);
        }
      }
      for (const task of scope.tasks) {
        if (!Object.hasOwn(attach, task))
          throw badOption(who, `attach.${task}`, "the number of a layer", undefined);
      }
      const width = vectorInput(scope, who);
      const layers = sizes.map((units, layer) =>
        dense(scope, {
          name: `layer/${layer}`,
          tasks: scope.tasks.filter((task) => attach[task] >= layer),
          input: sizes[layer - 1] ?? width,
          units,
          activation,
        }),
      );
      const drops = sizes.map((units) => dropout<Name>({ input: units, rate }));
      const tops = towers(scope, {
        who,
        input: perTask(scope.tasks, (task) => sizes[attach[task]]),
        hidden: options.towers,
        activation,
        dropout: rate,
      });
      const common = Math.min(...scope.tasks.map((task) => attach[task]));
      return {
        parameters: [
          ...layers.flatMap(({ parameters }) => parameters),
          ...scope.tasks.flatMap((task) => tops[task].parameters),
        ],
        lastShared: layers[common].parameters.map(({ variable }) => variable),
        forward: (inputs, pass) => {
          const highest = Math.max(...pass.tasks.map((task) => attach[task]));
          const h: Tensor[] = [];
          for (let l = 0; l <= highest; l++) {
            const y = layers[l].forward(h[l - 1] ?? inputs, pass);
            h[l] = drops[l].forward(y, pass);
          }
          return perTask(pass.tasks, (task) => tops[task].forward(h[attach[task]], pass));
        },
      };
    },
  };
}

function checkAttach(who: string, attach: Readonly<Record<string, number>>, layers: number): void {
  if (typeof attach !== "object" || (attach as unknown) === null) {
    throw badOption(who, "attach", "the number of a layer for every task", attach);
  }
  for (const [task, layer] of Object.entries(attach)) {
    if (!Number.isInteger(layer) || layer < 0 || layer >= layers) {
      throw badOption(who, `attach.${task}`, `a layer from 0 to ${layers - 1}`, layer);
    }
  }
  const highest = Math.max(...Object.values(attach));
  if (highest !== layers - 1) {
    throw badOption(
      who,
      "attach",
      `such that some task reads the last layer, ${layers - 1}`,
      Object.values(attach),
    );
  }
}
