import {
  binary,
  type EpochReport,
  type Evaluation,
  type FitPlan,
  type Logger,
  type Metric,
  type Observer,
  type ObserverPlugin,
  regression,
  type Scope,
  seededRandom,
  type SomeTasks,
  type StepReport,
  type Stateful,
  type TrainerState,
} from "@polytask/core";

export type Name = "click" | "value";

const constantMetric = (name: string, better: "higher" | "lower"): Metric => ({
  name,
  better,
  create: () => ({ update: () => undefined, value: () => 0 }),
});

export const auc = constantMetric("auc", "higher");
const rmse = constantMetric("rmse", "lower");
export const tasks = { click: binary({ metrics: [auc] }), value: regression({ metrics: [rmse] }) };

/** A scope whose clock is set by hand and whose logger keeps its lines. */
export function testScope(over: Partial<Record<Name, (typeof tasks)[Name]>> = {}) {
  const lines: string[] = [];
  const time = { now: 0 };
  const logger: Logger = {
    debug: () => undefined,
    info: (line) => {
      lines.push(line);
    },
    warn: () => undefined,
  };
  const none = (): never => {
    throw new Error("no observer asks for this");
  };
  const scope: Scope<Name> = {
    tasks: ["click", "value"],
    task: (name) => over[name as Name] ?? tasks[name as Name],
    random: seededRandom(0),
    clock: () => time.now,
    logger,
    resolve: none,
    variable: none,
    onDispose: () => undefined,
  };
  return { scope, lines, time };
}

export const make = async (
  plugin: ObserverPlugin<Name>,
  scope: Scope<Name> = testScope().scope,
): Promise<Observer<Name> & Stateful> => plugin.create(scope);

export const plan = (over: Partial<FitPlan> = {}): FitPlan => ({
  step: 0,
  epoch: 0,
  epochs: 2,
  steps: Infinity,
  stepsInEpoch: 4,
  ...over,
});

/** Step `step` of epochs of four steps. */
export const stepReport = (
  step: number,
  over: Partial<StepReport<Name>> = {},
): StepReport<Name> => ({
  step,
  epoch: Math.floor(step / 4),
  stepsInEpoch: 4,
  stepInEpoch: step % 4,
  present: ["click", "value"],
  counts: { click: 10, value: 10 },
  losses: { click: 0.5, value: 2 },
  weights: { click: 1, value: 1 },
  rate: 0.1,
  milliseconds: 1,
  ...over,
});

const savedState = (epoch: number): TrainerState => ({
  version: 1,
  tasks: ["click", "value"],
  step: 4 * (epoch + 1),
  epoch: epoch + 1,
  variables: {},
  engine: { tensors: {}, counts: {} },
  parts: {},
  random: {},
  data: { stepInEpoch: 0, sources: [], epochSums: {} },
});

export const epochReport = (epoch: number, validation?: Evaluation<Name>): EpochReport<Name> => ({
  epoch,
  step: 4 * (epoch + 1),
  losses: { click: 0.5, value: 2 },
  ...(validation && { validation }),
  milliseconds: 4,
  state: () => Promise.resolve(savedState(epoch)),
});

export const evaluation = (
  losses: SomeTasks<Name, number>,
  metrics: SomeTasks<Name, Readonly<Record<string, number>>> = {},
): Evaluation<Name> => ({ losses, metrics });
