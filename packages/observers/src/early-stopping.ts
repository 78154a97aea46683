import {
  badData,
  badOption,
  CONTRACT,
  type Evaluation,
  type Observer,
  type ObserverPlugin,
  type Scope,
  type Stateful,
  type TrainerState,
  unknownTask,
} from "@polytask/core";

export interface EarlyStoppingOptions<Name extends string = string> {
  /** "loss", the name of a metric, or a number made of the evaluation. Default "loss". */
  readonly metric?: string | ((evaluation: Evaluation<NoInfer<Name>>) => number);
  /** Whose. Default: the mean over all tasks that have it. Has no use beside a function. */
  readonly task?: NoInfer<Name>;
  /** Which way is better. Default: lower for a loss, what the metric says for a metric; needed for a function. */
  readonly mode?: "higher" | "lower";
  /** Stop after this many epochs in a row without improvement. Default 5. */
  readonly patience?: number;
  /** What counts as an improvement is better by more than this. Default 0. */
  readonly minDelta?: number;
  /** Given the trainer's state at every new best epoch, to be restored after the run. */
  readonly onBest?: (state: TrainerState, value: number) => void | Promise<void>;
}

/**
 * Stops a run when a measure on the validation data has not improved for `patience` epochs.
 *
 * A value improves on the best one before when it is better by more than `minDelta`; one that is not finite never does.
 * The best value and the wait go on over several calls of `fit` and over a restore; after a stop the wait begins anew.
 *
 * @throws POLYTASK_OPTION for a patience that is no positive whole number, a minDelta below 0, a function without `mode`, and
 * while wiring for a metric that no task (or not the given task) has; POLYTASK_UNKNOWN_TASK; POLYTASK_DATA at the first epoch
 * when `fit` has no validation data, or none with labels for the measure.
 */
export function earlyStopping<Name extends string>(
  options: EarlyStoppingOptions<Name> = {},
): ObserverPlugin<Name> {
  const { patience = 5, minDelta = 0, onBest } = options;
  if (!(Number.isInteger(patience) && patience > 0)) {
    throw badOption(WHO, "patience", "a whole number of at least 1", patience);
  }
  if (!(minDelta >= 0 && minDelta < Infinity)) {
    throw badOption(WHO, "minDelta", "a number of at least 0", minDelta);
  }
  if (options.mode !== undefined && options.mode !== "higher" && options.mode !== "lower") {
    throw badOption(WHO, "mode", '"higher" or "lower"', options.mode);
  }
  return {
    kind: "observer",
    name: "early-stopping",
    contract: CONTRACT,
    create: (scope) => {
      const { read, mode } = measureOf(options, scope);
      const sign = mode === "higher" ? 1 : -1;
      let best: number | null = null;
      let waited = 0;
      let stopped = false;

      const observer: Observer<Name> & Stateful = {
        start: () => {
          if (stopped) waited = 0;
          stopped = false;
        },
        epoch: async (report) => {
          if (report.validation === undefined) {
            throw badData(
              WHO,
              "needs validation data",
              "fit has none",
              "Pass `validation` to fit, or remove the observer.",
            );
          }
          const value = read(report.validation);
          if (Number.isFinite(value) && (best === null || sign * (value - best) > minDelta)) {
            best = value;
            waited = 0;
            // After the bookkeeping: the state holds it.
            if (onBest) await onBest(await report.state(), value);
            return undefined;
          }
          waited++;
          stopped = waited >= patience;
          return stopped ? "stop" : undefined;
        },
        state: () => ({ best, waited, stopped }),
        restore: (state) => {
          ({ best, waited, stopped } = state as unknown as Watch);
        },
      };
      return observer;
    },
  };
}

const WHO = "earlyStopping";

interface Watch {
  readonly best: number | null;
  readonly waited: number;
  readonly stopped: boolean;
}

interface Measure<Name extends string> {
  readonly read: (evaluation: Evaluation<Name>) => number;
  readonly mode: "higher" | "lower";
}

function measureOf<Name extends string>(
  { metric = "loss", task, mode }: EarlyStoppingOptions<Name>,
  scope: Scope<Name>,
): Measure<Name> {
  if (task !== undefined && !scope.tasks.includes(task)) throw unknownTask(WHO, task, scope.tasks);
  if (typeof metric === "function") {
    if (mode === undefined) {
      throw badOption(WHO, "mode", '"higher" or "lower" beside a function', mode);
    }
    return { read: metric, mode };
  }
  const tasks = task === undefined ? scope.tasks : [task];
  const valueOf = (evaluation: Evaluation<Name>, name: Name): number | undefined =>
    metric === "loss" ? evaluation.losses[name] : evaluation.metrics[name]?.[metric];
  return {
    mode: mode ?? (metric === "loss" ? "lower" : betterOf(metric, tasks, scope)),
    read: (evaluation) => {
      const values = tasks.flatMap((name) => valueOf(evaluation, name) ?? []);
      if (values.length === 0) {
        throw badData(
          WHO,
          `needs validation labels for "${metric}" of ${tasks.join(", ")}`,
          "there are none",
        );
      }
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    },
  };
}

/** Which way a metric of these tasks is better. */
function betterOf<Name extends string>(
  metric: string,
  tasks: readonly Name[],
  scope: Scope<Name>,
): "higher" | "lower" {
  const known = tasks.flatMap((name) => scope.task(name).metrics);
  const [found, ...others] = known.filter(({ name }) => name === metric);
  if (found === undefined) {
    const names = [...new Set(known.map(({ name }) => `, "${name}"`))].join("");
    throw badOption(WHO, "metric", `one that ${tasks.join(", ")} measure: "loss"${names}`, metric);
  }
  if (others.some(({ better }) => better !== found.better)) {
    throw badOption(
      WHO,
      "mode",
      `given, since tasks differ in which "${metric}" is better`,
      undefined,
    );
  }
  return found.better;
}
