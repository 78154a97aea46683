import { mixture, perTask, towers, vectorInput } from "@polytask/blocks";
import { type ArchitecturePlugin, CONTRACT } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import { makeLevel } from "./level.ts";
import { checkOptions, type PleOptions } from "./options.ts";
import { ownersOfLevels } from "./owners.ts";

export type { PleOptions };

/**
 * Progressive layered extraction: levels of shared experts and task experts, mixed by task gates and a shared gate.
 *
 * m_k,0 = m_s,0 = x. On level l task experts read m_k,l−1 and shared experts m_s,l−1;
 * m_k,l = Σ_e softmax(m_k,l−1·W_k,l)_e·f_e over task k's own experts, then the shared ones;
 * m_s,l = Σ_e softmax(m_s,l−1·W_s,l)_e·f_e over all tasks' experts in the order of the tasks, then the shared ones, on
 * every level but the last; y_k = tower_k(m_k,levels). x [batch, width] in, scores [batch, units of the task] out.
 *
 * With two levels or more, own are only the last level's task experts, the last two levels' task gates, and towers: below
 * that, the shared gate carries one task's parts into every task's loss. `lastShared`: the last layer of the last level's
 * shared experts. Exposes "gate/<task>" [batch, own + shared] of the last level, and "level/<level>/gate/<task>" and
 * "level/<level>/sharedGate" [batch, all] of those below.
 *
 * Tang et al., Progressive layered extraction, RecSys 2020.
 *
 * @throws POLYTASK_OPTION for counts or sizes below their least or a rate outside [0, 1); POLYTASK_UNKNOWN_TASK;
 * POLYTASK_NEED for an input that is not one vector per example or a task with more than one label per example.
 */
export const ple = <Name extends string>(options: PleOptions<Name>): ArchitecturePlugin<Name> =>
  extraction("ple", options);

/** What `ple` and `cgc` make; `who` names the factory in errors. */
export function extraction<Name extends string>(
  who: string,
  options: PleOptions<Name>,
): ArchitecturePlugin<Name> {
  checkOptions(who, options);
  const { hidden, taskExperts, activation = "relu", dropout = 0 } = options;
  return {
    kind: "architecture",
    name: "arch-ple",
    contract: CONTRACT,
    create: (scope) => {
      const { tasks } = scope;
      const width = vectorInput(scope, who);
      const units = hidden[hidden.length - 1];
      const levels = ownersOfLevels(tasks, options).map((owners, level) =>
        makeLevel(scope, options, { level, owners, input: level === 0 ? width : units }),
      );
      const last = levels.length - 1;
      const tops = towers(scope, {
        who,
        input: units,
        hidden: options.towers,
        activation,
        dropout,
      });

      return {
        parameters: [
          ...levels.flatMap(({ parameters }) => parameters),
          ...tasks.flatMap((task) => tops[task].parameters),
        ],
        lastShared: levels[last].sharedExperts.last.map(({ variable }) => variable),
        forward: (inputs, pass) => {
          // Below the last level the shared mixture reads every task's experts, whichever scores are wanted.
          const wanted = (level: number): readonly Name[] =>
            level >= last || taskExperts === 0 ? pass.tasks : tasks;
          let common = inputs as Tensor;
          let mixtures = perTask(wanted(0), () => common);

          for (const [
            l,
            { sharedExperts, taskExperts: ofTasks, taskGates, sharedGate },
          ] of levels.entries()) {
            const below = mixtures;
            const shared = sharedExperts.forward(common, pass);
            const own = perTask(wanted(l), (task) => ofTasks?.[task].forward(below[task], pass));

            mixtures = perTask(wanted(l + 1), (task) => {
              const weights = taskGates[task].forward(below[task], pass);
              pass.expose(l === last ? `gate/${task}` : `level/${l}/gate/${task}`, weights);
              return mixture(weights, join([own[task], shared]));
            });
            if (sharedGate) {
              const weights = sharedGate.forward(common, pass);
              pass.expose(`level/${l}/sharedGate`, weights);
              common = mixture(weights, join([...tasks.map((task) => own[task]), shared]));
            }
          }
          const top = mixtures;
          return perTask(pass.tasks, (task) => tops[task].forward(top[task], pass));
        },
      };
    },
  };
}

/** Banks [batch, …, units] one after another, [batch, sum, units]. */
function join(banks: readonly (Tensor | undefined)[]): Tensor {
  const there = banks.filter((bank) => bank !== undefined);
  return there.length === 1 ? there[0] : tf.concat(there, 1);
}
