import { gate, mixture, perTask } from "@polytask/blocks";
import type { ArchitecturePlugin } from "@polytask/core";
import { mixtureOfExperts } from "./mixture-of-experts.ts";
import type { ExpertOptions } from "./options.ts";

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
export const omoe = <Name extends string>(options: OmoeOptions<Name>): ArchitecturePlugin<Name> =>
  mixtureOfExperts("omoe", options, (scope, shape) => {
    const only = gate(scope, { ...shape, name: "gate", tasks: scope.tasks });
    return {
      parameters: only.parameters,
      mix: (values, x, pass) => {
        const weights = pass.tasks.reduce(
          (value, task) => pass.expose(`gate/${task}`, value),
          only.forward(x, pass),
        );
        const mixed = mixture(weights, values);
        return perTask(pass.tasks, () => mixed);
      },
    };
  });
