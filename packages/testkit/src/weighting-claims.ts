import type { Noise } from "@polytask/core";
import { expectAllClose } from "./close.ts";
import { demand, law, type Law } from "./law.ts";
import { sameValue } from "./plugin-laws.ts";
import type { Weighed, WeightingStep } from "./prepare-weighting.ts";
import { course, follow, gappedCourse, type WeightingSubject, withWeighting } from "./weighting.ts";

/** Laws of the effective weights c_k = ∂(Σ weigh(L))/∂L_k over a run of several epochs. */
type Claim = Law<WeightingSubject>;

const weightsOn = async (
  subject: WeightingSubject,
  steps: readonly WeightingStep[],
  rate?: number,
): Promise<Weighed[]> =>
  withWeighting(subject, (run) => follow(run, steps), rate === undefined ? {} : { rate });

const everyone = ({ present }: WeightingStep): boolean => present?.every(Boolean) ?? true;

/** The weights sum to the number of tasks: Σ c_k = T, in every step in which all tasks are present. */
export const weightsSumToTaskCount: Claim = law("weightsSumToTaskCount", async (subject) => {
  for (const steps of [course, gappedCourse]) {
    const results = await weightsOn(subject, steps);
    results.forEach(({ weights }, t) => {
      if (!everyone(steps[t])) return;
      const sum = weights.reduce((a, b) => a + b, 0);
      const off = Math.abs(sum - weights.length);
      demand(
        off <= subject.tolerance * weights.length,
        `weights must sum to ${weights.length}`,
        `step ${t}: ${sum}`,
      );
    });
  }
});

/** No task is ever pushed uphill: c_k > 0. */
export const weightsArePositive: Claim = law("weightsArePositive", async (subject) => {
  for (const { weights } of await weightsOn(subject, course)) {
    demand(
      weights.every((c) => c > 0),
      "weights must be positive",
      () => `got [${weights.join(", ")}]`,
    );
  }
});

/** Training starts from the plain sum: c_k = 1 in the first step. */
export const startsEqual: Claim = law("startsEqual", async (subject) => {
  const [{ weights }] = await weightsOn(subject, course.slice(0, 1));
  expectAllClose(
    weights,
    weights.map(() => 1),
    { relative: subject.tolerance },
  );
});

/** Weights are not those of step one for ever: on losses that fall at different rates they move within six epochs. */
export const changesAfterFirstStep: Claim = law("changesAfterFirstStep", async (subject) => {
  const results = await weightsOn(subject, course);
  const [{ weights: first }] = results;
  const moved = results.some(({ weights }) =>
    weights.some((c, k) => Math.abs(c - first[k]) > 1e-3 * Math.abs(first[k])),
  );
  demand(
    moved,
    "weights must move in the course of training",
    () => `they stayed [${first.join(", ")}]`,
  );
});

/** An absent task has no say: what stands in its slot changes nothing for the others, in this step or later. */
export const ignoresAbsentTasks: Claim = law("ignoresAbsentTasks", async (subject) => {
  const others = gappedCourse.map((step) => ({
    ...step,
    losses: step.losses.map((loss, k) => (step.present?.[k] ? loss : 7)),
  }));
  const [one, two] = [await weightsOn(subject, gappedCourse), await weightsOn(subject, others)];
  one.forEach(({ weights }, t) => {
    demand(
      sameValue(weights, two[t].weights),
      "weights must not depend on an absent task's slot",
      `step ${t} does`,
    );
  });
});

/** Weights are constants of the step: weigh(L)_k = c_k·L_k, so no gradient flows through them. */
export const detachedFromLosses: Claim = law("detachedFromLosses", async (subject) => {
  const results = await weightsOn(subject, course);
  results.forEach(({ weighted, weights }, t) => {
    const expected = weights.map((c, k) => c * course[t].losses[k]);
    expectAllClose(weighted, expected, { relative: 10 * subject.tolerance, absolute: 1e-7 });
  });
});

/** h(c), by noise: what a negative log-likelihood c·L + h(c) adds to the loss that it weighs with c. */
const logNormalizer: Readonly<Record<Noise, (c: number) => number>> = {
  gaussian: (c) => -0.5 * Math.log(2 * c),
  laplace: (c) => -Math.log(c),
  categorical: (c) => -0.5 * Math.log(c),
};

/**
 * Each task's term is the negative log-likelihood of its own kind of noise: weigh(L)_k = c_k·L_k + h(c_k), with
 * h = −½·log 2c (gaussian: L/(2σ²) + log σ), −½·log c (categorical: L/σ² + log σ), −log c (laplace: L/b + log b).
 *
 * However σ is parametrised, this fixes the term; a penalty on σ, or one formula for all kinds, breaks it.
 */
export const formByNoise: Claim = law("formByNoise", async (subject) => {
  const results = await weightsOn(subject, course);
  const tasks = Object.entries(subject.tasks);
  results.forEach(({ weighted, weights }, t) => {
    tasks.forEach(([name, { noise }], k) => {
      const expected = weights[k] * course[t].losses[k] + logNormalizer[noise](weights[k]);
      const off = Math.abs(weighted[k] - expected);
      demand(
        off <= 100 * subject.tolerance * (1 + Math.abs(expected)),
        `step ${t}, task "${name}" (${noise}): ${expected}`,
        `got ${weighted[k]}`,
      );
    });
  });
});

/** The weighting's variables move by their gradient alone: in steps in which every task is absent they stay what they are. */
export const variablesMoveByGradientAlone: Claim = law(
  "variablesMoveByGradientAlone",
  async (subject) => {
    // First away from where they start: a variable at 0 would not show a decay.
    await withWeighting(subject, async (run) => {
      const variables = (run.part.variables ?? []).map(({ variable }) => variable);
      demand(variables.length > 0, "the weighting must have variables", "it has none");
      await follow(run, course.slice(0, 4));
      const before = await run.scope.save(variables);
      const still = course.map((step) => ({ ...step, present: [false, false, false] }));
      await follow(run, still);
      const after = await run.scope.save(variables);
      const same = before.variables.every((values, i) =>
        sameValue([...values], [...after.variables[i]]),
      );
      demand(same, "without a gradient no variable may move", "one did");
    });
  },
);

/** Weights change between epochs alone: constant from an epoch's first step to its last, and not for ever. */
export const epochDriven: Claim = law("epochDriven", async (subject) => {
  const results = await weightsOn(subject, course);
  results.forEach(({ weights }, t) => {
    const begins = t === 0 || course[t - 1].endsEpoch === true;
    if (!begins)
      demand(
        sameValue(weights, results[t - 1].weights),
        "weights must not change within an epoch",
        `step ${t} changed them`,
      );
  });
  const moved = results.some(({ weights }) => !sameValue(weights, results[0].weights));
  demand(moved, "weights must change between epochs", "they never did");
});

const scaledCourse = (factors: readonly number[]): WeightingStep[] =>
  course.map((step) => ({
    ...step,
    losses: step.losses.map((loss, k) => loss * factors[k]),
    lastSharedNorms: (step.lastSharedNorms ?? []).map((norm, k) => norm * factors[k]),
  }));

const factors = [10, 0.1, 3];

/** The unit of a loss does not matter to its weight: c is the same where task k's losses are s_k times as large. */
export const weightsIgnoreLossScale: Claim = law("weightsIgnoreLossScale", async (subject) => {
  const [one, two] = [
    await weightsOn(subject, course),
    await weightsOn(subject, scaledCourse(factors)),
  ];
  one.forEach(({ weights }, t) => {
    expectAllClose(two[t].weights, weights, { relative: 10 * subject.tolerance });
  });
});

/** The unit of a loss cancels: c_k·L_k is the same where task k's losses are s_k times as large, up to one factor for all. */
export const weightsCancelLossScale: Claim = law("weightsCancelLossScale", async (subject) => {
  const [one, two] = [
    await weightsOn(subject, course),
    await weightsOn(subject, scaledCourse(factors)),
  ];
  one.forEach(({ weights }, t) => {
    const shares = weights.map((c, k) => c * course[t].losses[k]);
    const scaled = two[t].weights.map((c, k) => c * factors[k] * course[t].losses[k]);
    const common = scaled[0] / shares[0];
    expectAllClose(
      scaled,
      shares.map((share) => share * common),
      { relative: 10 * subject.tolerance },
    );
  });
});

/** The task that has come least far gets most weight: at the end of the run, of two tasks the one whose loss fell less. */
export const favoursSlowTasks: Claim = law("favoursSlowTasks", async (subject) => {
  // Alike but for the rate, and no epoch's end just before the last step: both kinds of weighting have heard of it.
  const rates = [0.95, 0.8, 0.99];
  const steps = course.map((step, t) => ({
    ...step,
    losses: rates.map((rate) => rate ** t),
    lastSharedNorms: [1, 1, 1],
  }));
  const results = await weightsOn(subject, steps);
  const { weights } = results[results.length - 1];
  demand(
    weights[2] > weights[0] && weights[0] > weights[1],
    "weights must be ordered as the rates 0.95, 0.8, 0.99 of the losses are",
    () => `got [${weights.join(", ")}]`,
  );
});

export interface WeightingCase {
  /** What each step brings, and the effective weights that it must have. */
  readonly steps: readonly (WeightingStep & { readonly weights: readonly number[] })[];
}

/** Values from a source other than the plugin: the effective weights of every step of a run, within `relative` (default 1e-5). */
export const matchesWeights = (
  cases: readonly WeightingCase[],
  { relative = 1e-5, rate }: { readonly relative?: number; readonly rate?: number } = {},
): Claim =>
  law("matchesWeights", async (subject) => {
    for (const { steps } of cases) {
      const results = await weightsOn(subject, steps, rate);
      results.forEach(({ weights }, t) => {
        const expected = steps[t].weights.map((c, k) => ((steps[t].present?.[k] ?? true) ? c : 0));
        expectAllClose(weights, expected, { relative });
      });
    }
  });
