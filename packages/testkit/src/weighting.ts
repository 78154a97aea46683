import type { EnginePlugin, PerTask, Task, WeightingPlugin } from "@polytask/core";
import {
  prepareWeighting,
  type Weighed,
  type WeightingRun,
  type WeightingRunOptions,
  type WeightingStep,
} from "./prepare-weighting.ts";
import { sampleTasks } from "./scope.ts";

/** What laws of weighting are checked on. */
export interface WeightingSubject {
  /** Makes the weighting afresh. */
  readonly make: () => WeightingPlugin;
  /** The trainer's tasks; three of them. Default: `sampleTasks`. */
  readonly tasks: PerTask<string, Task>;
  readonly seed: number;
  /** Relative. Default 1e-5: weights are float32. */
  readonly tolerance: number;
  /** Calls of the plugin's factory, or of anything else of its package, that must be refused. */
  readonly rejects: readonly (() => unknown)[];
  /** Makes the engine that laws train with. Default: the eager one. */
  readonly engine?: () => EnginePlugin;
}

export const weightingSubject = (
  make: () => WeightingPlugin,
  options: Partial<Omit<WeightingSubject, "make">> = {},
): WeightingSubject => ({
  tasks: sampleTasks,
  seed: 0,
  tolerance: 1e-5,
  rejects: [],
  ...options,
  make,
});

/** Makes the weighting, runs `body`, and frees it. */
export async function withWeighting<Result>(
  subject: WeightingSubject,
  body: (run: WeightingRun) => Promise<Result>,
  options: WeightingRunOptions & { readonly plugin?: WeightingPlugin } = {},
): Promise<Result> {
  const { plugin = subject.make(), ...rest } = options;
  const run = await prepareWeighting(plugin, { tasks: subject.tasks, seed: subject.seed, ...rest });
  try {
    return await body(run);
  } finally {
    run.dispose();
  }
}

/** Steps in an epoch of the courses below. */
export const EPOCH = 3;

/** Six epochs of three steps; losses fall at different rates (the second fastest, the third hardly), and jitter. */
export const course: readonly WeightingStep[] = Array.from({ length: 6 * EPOCH }, (_, t) => ({
  losses: [0.9 ** t, 2 * 0.7 ** t, 4 * 0.98 ** t].map(
    (loss, k) => loss * (1 + 0.1 * Math.sin(3 * t + k)),
  ),
  lastSharedNorms: [1 + 0.2 * Math.cos(t), 3 + Math.sin(t), 0.5],
  endsEpoch: t % EPOCH === EPOCH - 1,
}));

/** The same, with tasks absent in some steps, and one in a whole epoch. */
export const gappedCourse: readonly WeightingStep[] = course.map((step, t) => {
  const present = [t % 4 !== 1, !(t >= EPOCH && t < 2 * EPOCH), t !== 5 && t !== 10];
  return { ...step, present, losses: step.losses.map((loss, k) => (present[k] ? loss : 1)) };
});

export const follow = async (
  run: WeightingRun,
  steps: readonly WeightingStep[],
): Promise<Weighed[]> => {
  const results: Weighed[] = [];
  for (const step of steps) results.push(await run.step(step));
  return results;
};
