import { experts, type GateOptions, perTask, towers, vectorInput } from "@polytask/blocks";
import {
  type ArchitecturePlugin,
  CONTRACT,
  type Parameter,
  type Pass,
  type PerTask,
  type Scope,
} from "@polytask/core";
import type { Tensor } from "@tensorflow/tfjs";
import { checkExpertOptions, type ExpertOptions } from "./options.ts";

/** What all gates of a network have in common. */
export type GateShape = Pick<GateOptions, "input" | "experts" | "bias" | "dropout">;

/** Gates, and what they make of the experts' values [batch, experts, units]: a mixture [batch, units] per wanted task. */
export interface Gates<Name extends string> {
  readonly parameters: readonly Parameter<Name>[];
  readonly mix: (values: Tensor, x: Tensor, pass: Pass<Name>) => PerTask<Name, Tensor>;
}

/** Experts for all tasks, gates, towers: the frame of `mmoe` and `omoe`, which differ in their gates. */
export function mixtureOfExperts<Name extends string>(
  who: string,
  options: ExpertOptions<Name>,
  makeGates: (scope: Scope<Name>, shape: GateShape) => Gates<Name>,
): ArchitecturePlugin<Name> {
  checkExpertOptions(who, options);
  const { experts: count, hidden, activation = "relu", dropout = 0 } = options;
  const { gateBias = false, gateDropout = 0 } = options;
  return {
    kind: "architecture",
    name: "arch-mmoe",
    contract: CONTRACT,
    create: (scope) => {
      const { tasks } = scope;
      const input = vectorInput(scope, who);
      const bank = experts(scope, {
        name: "experts",
        tasks,
        count,
        input,
        hidden,
        activation,
        dropout,
      });
      const gates = makeGates(scope, {
        input,
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
          ...gates.parameters,
          ...tasks.flatMap((task) => tops[task].parameters),
        ],
        lastShared: bank.last.map(({ variable }) => variable),
        forward: (inputs, pass) => {
          const x = inputs as Tensor;
          const mixtures = gates.mix(bank.forward(x, pass), x, pass);
          return perTask(pass.tasks, (task) => tops[task].forward(mixtures[task], pass));
        },
      };
    },
  };
}
