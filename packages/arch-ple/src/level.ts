import { type Block, type DeepBlock, experts, gate, perTask } from "@polytask/blocks";
import type { Parameter, PerTask, Scope } from "@polytask/core";
import type { PleOptions } from "./options.ts";
import type { LevelOwners } from "./owners.ts";

/** The parts of one extraction level. */
export interface Level<Name extends string = string> {
  readonly parameters: readonly Parameter<Name>[];
  readonly sharedExperts: DeepBlock<Name>;
  /** Missing where tasks have no experts of their own. */
  readonly taskExperts: PerTask<Name, Block<Name>> | undefined;
  readonly taskGates: PerTask<Name, Block<Name>>;
  /** Missing on the last level. */
  readonly sharedGate: Block<Name> | undefined;
}

/** Makes one level; its parameters are called "level/<level>/…". */
export function makeLevel<Name extends string>(
  scope: Scope<Name>,
  options: PleOptions<Name>,
  at: { readonly level: number; readonly input: number; readonly owners: LevelOwners<Name> },
): Level<Name> {
  const { tasks } = scope;
  const { levels, sharedExperts: common, taskExperts: own, hidden, activation = "relu" } = options;
  const { dropout = 0, gateBias: bias = false, gateDropout = 0 } = options;
  const { level, input, owners } = at;
  const prefix = `level/${level}`;

  const sharedExperts = experts(scope, {
    name: `${prefix}/shared`,
    tasks: owners.sharedExperts,
    count: common,
    input,
    hidden,
    activation,
    dropout,
  });
  const taskExperts =
    own === 0
      ? undefined
      : perTask(tasks, (task) =>
          experts(scope, {
            name: `${prefix}/own/${task}`,
            role: `${prefix}/own`,
            tasks: owners.taskExperts[task],
            count: own,
            input,
            hidden,
            activation,
            dropout,
          }),
        );
  const taskGates = perTask(tasks, (task) =>
    gate(scope, {
      name: `${prefix}/gate/${task}`,
      role: `${prefix}/gate`,
      tasks: owners.taskGates[task],
      input,
      experts: own + common,
      bias,
      dropout: gateDropout,
    }),
  );
  const sharedGate =
    level === levels - 1
      ? undefined
      : gate(scope, {
          name: `${prefix}/sharedGate`,
          tasks: owners.sharedGate,
          input,
          experts: tasks.length * own + common,
          bias,
          dropout: gateDropout,
        });

  return {
    parameters: [
      ...sharedExperts.parameters,
      ...(sharedGate?.parameters ?? []),
      ...tasks.flatMap((task) => [
        ...(taskExperts?.[task].parameters ?? []),
        ...taskGates[task].parameters,
      ]),
    ],
    sharedExperts,
    taskExperts,
    taskGates,
    sharedGate,
  };
}
