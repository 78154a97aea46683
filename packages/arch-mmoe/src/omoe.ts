import { experts, gate, mixture, perTask, towers, vectorInput } from "@polytask/blocks";
import { type ArchitecturePlugin, CONTRACT } from "@polytask/core";
import type { Tensor } from "@tensorflow/tfjs";
import { checkExpertOptions, type ExpertOptions } from "./options.ts";

export type OmoeOptions<Name extends string = string> = ExpertOptions<Name>;

/**
 * One-gate mixture of experts: MMoE with a single gate for all tasks.
 *
 * y_k = tower_k(Σ_e g(x)_e·f_e(x)), g(x) = softmax(x·W). x [batch, width] in, scores [batch, units of the task] out.
 * Experts and the gate belong to all tasks, towers to their own. `lastShared`: the experts' last layer. Exposes
 * "gate/<task>" [batch, experts], the same weights under every task's name.
 *
 * Ma et al., KDD 2018: the mixture of equation 5 in the place of a shared bottom.
 *
 * @throws POLYTASK_OPTION for counts or sizes below 1, no expert layer or a rate outside [0, 1); POLYTASK_UNKNOWN_TASK;
 * POLYTASK_NEED for an input that is not one vector per example or a task with more than one label per example.
 */
export function omoe<Name extends string>(options: OmoeOptions<Name>): ArchitecturePlugin<Name> {
  const who = "omoe";
  checkExpertOptions(who, options);
  const { experts: count, hidden, activation = "relu", dropout = 0 } = options;
  const { gateBias = false, gateDropout = 0 } = options;
  return {
    kind: "architecture",
    name: "arch-mmoe",
    contract: CONTRACT,
    create: (scope) => {
      const { tasks } = scope;
      const width = vectorInput(scope, who);
      const bank = experts(scope, {
        name: "experts",
        tasks,
        count,
        input: width,
        hidden,
        activation,
        dropout,
      });
      const only = gate(scope, {
        name: "gate",
        tasks,
        input: width,
        experts: count,
        bias: gateBias,
        dropout: gateDropout,
      });
      const tops = towers(scope, {
        who,
        input: bank.shape[1],
        hidden: options.towers,
        activation,
        dropout,
      });
      return {
        parameters: [
          ...bank.parameters,
          ...only.parameters,
          ...tasks.flatMap((task) => tops[task].parameters),
        ],
        lastShared: bank.last.map(({ variable }) => variable),
        forward: (inputs, pass) => {
          const x = inputs as Tensor;
          const weights = pass.tasks.reduce(
            (value, task) => pass.expose(`gate/${task}`, value),
            only.forward(x, pass),
          );
          const mixed = mixture(weights, bank.forward(x, pass));
          return perTask(pass.tasks, (task) => tops[task].forward(mixed, pass));
        },
      };
    },
  };
}
