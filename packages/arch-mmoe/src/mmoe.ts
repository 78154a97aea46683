import { experts, gate, mixture, perTask, towers, vectorInput } from "@polytask/blocks";
import { type ArchitecturePlugin, CONTRACT } from "@polytask/core";
import type { Tensor } from "@tensorflow/tfjs";
import { checkExpertOptions, type ExpertOptions } from "./options.ts";

export type MmoeOptions<Name extends string = string> = ExpertOptions<Name>;

/**
 * Multi-gate mixture of experts: shared experts, and per task a softmax gate on the input that mixes them.
 *
 * y_k = tower_k(Σ_e g_k(x)_e·f_e(x)), g_k(x) = softmax(x·W_k). x [batch, width] in, scores [batch, units of the task]
 * out. Experts belong to all tasks, gates and towers to their own. `lastShared`: the experts' last layer. Exposes
 * "gate/<task>" [batch, experts].
 *
 * Ma et al., Modeling task relationships in multi-task learning with multi-gate mixture-of-experts, KDD 2018,
 * equations 6 to 8.
 *
 * @throws POLYTASK_OPTION for counts or sizes below 1, no expert layer or a rate outside [0, 1); POLYTASK_UNKNOWN_TASK;
 * POLYTASK_NEED for an input that is not one vector per example or a task with more than one label per example.
 */
export function mmoe<Name extends string>(options: MmoeOptions<Name>): ArchitecturePlugin<Name> {
  const who = "mmoe";
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
      const gates = perTask(tasks, (task) =>
        gate(scope, {
          name: `gate/${task}`,
          role: "gate",
          tasks: [task],
          input: width,
          experts: count,
          bias: gateBias,
          dropout: gateDropout,
        }),
      );
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
          ...tasks.flatMap((task) => [...gates[task].parameters, ...tops[task].parameters]),
        ],
        lastShared: bank.last.map(({ variable }) => variable),
        forward: (inputs, pass) => {
          const x = inputs as Tensor;
          const values = bank.forward(x, pass);
          return perTask(pass.tasks, (task) => {
            const weights = pass.expose(`gate/${task}`, gates[task].forward(x, pass));
            return tops[task].forward(mixture(weights, values), pass);
          });
        },
      };
    },
  };
}
