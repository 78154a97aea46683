import {
  checkCount,
  type DeepBlock,
  experts,
  gate,
  mixture,
  perTask,
  towers,
  vectorInput,
} from "@polytask/blocks";
import { type ArchitecturePlugin, CONTRACT, type Pass, type PerTask } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import { checkExpertOptions, type ExpertOptions } from "./options.ts";

export interface MlMmoeOptions<Name extends string = string> extends ExpertOptions<Name> {
  /** How many MMoE layers, each with `experts` experts of layers `hidden`; at least 1. */
  readonly levels: number;
}

/**
 * Multi-level MMoE: MMoE layers one on top of another.
 *
 * m_k,0 = x; m_k,l = Σ_e g_k,l(m_k,l−1)_e·f_e,l(m_k,l−1); y_k = tower_k(m_k,levels). From the second level on, both the
 * gates and the shared experts read each task's own mixture. x [batch, width] in, scores [batch, units of the task] out.
 * Experts belong to all tasks; gates of every level and towers to their own, since a task's mixtures meet no other task.
 * `lastShared`: the last layer of the last level's experts. Exposes "gate/<task>" [batch, experts] of the last level and
 * "level/<level>/gate/<task>" of those below.
 *
 * A baseline of Tang et al., RecSys 2020, there without a formula.
 *
 * @throws POLYTASK_OPTION for counts or sizes below 1, no expert layer or a rate outside [0, 1); POLYTASK_UNKNOWN_TASK;
 * POLYTASK_NEED for an input that is not one vector per example or a task with more than one label per example.
 */
export function mlMmoe<Name extends string>(
  options: MlMmoeOptions<Name>,
): ArchitecturePlugin<Name> {
  const who = "mlMmoe";
  checkExpertOptions(who, options);
  checkCount(who, "levels", options.levels);
  const { experts: count, hidden, activation = "relu", dropout = 0 } = options;
  const { gateBias = false, gateDropout = 0 } = options;
  return {
    kind: "architecture",
    name: "arch-mmoe",
    contract: CONTRACT,
    create: (scope) => {
      const { tasks } = scope;
      const width = vectorInput(scope, who);
      const units = hidden[hidden.length - 1];
      const levels = Array.from({ length: options.levels }, (_, level) => {
        const input = level === 0 ? width : units;
        const name = `level/${level}`;
        return {
          bank: experts(scope, {
            name: `${name}/experts`,
            tasks,
            count,
            input,
            hidden,
            activation,
            dropout,
          }),
          gates: perTask(tasks, (task) =>
            gate(scope, {
              name: `${name}/gate/${task}`,
              role: `${name}/gate`,
              tasks: [task],
              input,
              experts: count,
              bias: gateBias,
              dropout: gateDropout,
            }),
          ),
          exposed: level === options.levels - 1 ? "gate" : `${name}/gate`,
        };
      });
      const tops = towers(scope, {
        who,
        input: units,
        hidden: options.towers,
        activation,
        dropout,
      });
      return {
        parameters: [
          ...levels.flatMap(({ bank, gates }) => [
            ...bank.parameters,
            ...tasks.flatMap((task) => gates[task].parameters),
          ]),
          ...tasks.flatMap((task) => tops[task].parameters),
        ],
        lastShared: levels[levels.length - 1].bank.last.map(({ variable }) => variable),
        forward: (inputs, pass) => {
          let mixtures = perTask(pass.tasks, () => inputs as Tensor);
          for (const [level, { bank, gates, exposed }] of levels.entries()) {
            const values =
              level === 0
                ? sameForAll(pass.tasks, bank.forward(inputs as Tensor, pass))
                : everyMixture(bank, mixtures, pass);
            const read = mixtures;
            mixtures = perTask(pass.tasks, (task) => {
              const weights = pass.expose(
                `${exposed}/${task}`,
                gates[task].forward(read[task], pass),
              );
              return mixture(weights, values[task]);
            });
          }
          const top = mixtures;
          return perTask(pass.tasks, (task) => tops[task].forward(top[task], pass));
        },
      };
    },
  };
}

const sameForAll = <Name extends string>(
  tasks: readonly Name[],
  value: Tensor,
): PerTask<Name, Tensor> => perTask(tasks, () => value);

/** The bank applied to every task's mixture [batch, units], stacked along the batch into one product. */
function everyMixture<Name extends string>(
  bank: DeepBlock<Name>,
  mixtures: PerTask<Name, Tensor>,
  pass: Pass<Name>,
): PerTask<Name, Tensor> {
  const each = pass.tasks.map((task) => mixtures[task]);
  // tfjs cannot differentiate a split into one piece.
  if (each.length === 1) return sameForAll(pass.tasks, bank.forward(each[0], pass));
  const values = tf.split(bank.forward(tf.concat(each, 0), pass), each.length, 0);
  return perTask(pass.tasks, (task) => values[pass.tasks.indexOf(task)]);
}
