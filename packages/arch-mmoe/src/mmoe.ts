import { gate, mixture, perTask } from "@polytask/blocks";
import type { ArchitecturePlugin } from "@polytask/core";
import { mixtureOfExperts } from "./mixture-of-experts.ts";
import type { ExpertOptions } from "./options.ts";

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
export const mmoe = <Name extends string>(options: MmoeOptions<Name>): ArchitecturePlugin<Name> =>
  mixtureOfExperts("mmoe", options, (scope, shape) => {
    const gates = perTask(scope.tasks, (task) =>
      gate(scope, { ...shape, name: `gate/${task}`, role: "gate", tasks: [task] }),
    );
    return {
      parameters: scope.tasks.flatMap((task) => gates[task].parameters),
      mix: (values, x, pass) =>
        perTask(pass.tasks, (task) =>
          mixture(pass.expose(`gate/${task}`, gates[task].forward(x, pass)), values),
        ),
    };
  });
