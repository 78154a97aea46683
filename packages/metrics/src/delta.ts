import { badData, type Metric, type PerTask, type SomeTasks } from "@polytask/core";

/** The metrics that count, by task: what was passed to `createTrainer`, or as much of it as is to be compared. */
export type ComparedTasks<Name extends string> = PerTask<
  Name,
  { readonly metrics: readonly Pick<Metric, "name" | "better">[] }
>;

/** Metrics by task, as `evaluate` gives them. */
export type MetricValues<Name extends string> = SomeTasks<Name, Readonly<Record<string, number>>>;

/**
 * Δm, the mean drop against the baseline over all metrics, in percent; **lower is better**, below 0 is a gain.
 *
 * Δm = (100/Σ_k n_k)·Σ_k Σ_j (−1)^δ_kj·(M_kj − B_kj)/B_kj, with n_k metrics of task k and δ = 1 where higher is better: a task
 * with many metrics weighs more. Navon et al. (Nash-MTL), ICML 2022, arXiv 2202.01017, section 6.
 *
 * @throws POLYTASK_DATA for a metric that the results or the baseline lack, a baseline that is not positive (a relative change
 * means nothing there), or no metric at all.
 */
export function deltaM<Name extends string>(
  results: MetricValues<NoInfer<Name>>,
  baseline: MetricValues<NoInfer<Name>>,
  tasks: ComparedTasks<Name>,
): number {
  return -mean(gains("deltaM", results, baseline, tasks).flat());
}

/**
 * Δp, the mean gain over the baseline, first over each task's metrics, then over tasks, in percent; **higher is better**.
 *
 * Δp = (100/T)·Σ_k (1/n_k)·Σ_j (−1)^(1 − δ_kj)·(M_kj − B_kj)/B_kj: tasks weigh the same. Maninis et al., CVPR 2019,
 * arXiv 1904.08918, equation 4; with several metrics a task as in Lin et al. (DB-MTL), arXiv 2308.12029. With one metric per
 * task it is −Δm. Tasks without metrics do not count.
 *
 * @throws POLYTASK_DATA for a metric that the results or the baseline lack, a baseline that is not positive (a relative change
 * means nothing there), or no metric at all.
 */
export function deltaP<Name extends string>(
  results: MetricValues<NoInfer<Name>>,
  baseline: MetricValues<NoInfer<Name>>,
  tasks: ComparedTasks<Name>,
): number {
  return mean(gains("deltaP", results, baseline, tasks).map(mean));
}

/** Relative gains in percent, positive where better: a list per task that has metrics. */
function gains<Name extends string>(
  who: string,
  results: MetricValues<Name>,
  baseline: MetricValues<Name>,
  tasks: ComparedTasks<Name>,
): number[][] {
  const lists = (Object.keys(tasks) as Name[]).map((task) =>
    tasks[task].metrics.map(({ name, better }) => {
      const base = find(who, "the baseline", baseline, task, name);
      const value = find(who, "the results", results, task, name);
      if (!(base > 0)) {
        throw badData(
          who,
          "a baseline must be above 0 for a relative change to mean something",
          `"${name}" of "${task}" is ${base} there`,
          "Compare by another metric.",
        );
      }
      return ((better === "higher" ? value - base : base - value) / base) * 100;
    }),
  );
  const counted = lists.filter((list) => list.length > 0);
  if (counted.length === 0) {
    throw badData(who, "needs tasks with metrics", "no task has one", "Give the tasks metrics.");
  }
  return counted;
}

function find<Name extends string>(
  who: string,
  where: string,
  values: MetricValues<Name>,
  task: Name,
  metric: string,
): number {
  const value = values[task]?.[metric];
  if (value === undefined) {
    throw badData(
      who,
      `${where} must have every metric of every task`,
      `"${metric}" of "${task}" is missing`,
      "Measure it, or leave the task out of the comparison.",
    );
  }
  return value;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
