import * as tf from "@tensorflow/tfjs";
import type { Variable } from "@tensorflow/tfjs";
import type { PerTask, StepReport, Task, WeightingPlugin } from "@polytask/core";
import { withoutMathRandom, withoutReads } from "./guards.ts";
import { demand, law, type Law } from "./law.ts";
import { expectNoLeak, settle } from "./leak.ts";
import { testStep } from "./pass.ts";
import {
  checkCode,
  checkJson,
  checkListed,
  checkParameters,
  checkPlugin,
  checkRefusals,
  sameValue,
} from "./plugin-laws.ts";
import {
  prepareWeighting,
  type Weighed,
  type WeightingRun,
  type WeightingRunOptions,
  type WeightingStep,
} from "./prepare-weighting.ts";
import { plainModel } from "./plain-model.ts";
import { sampleTasks } from "./scope.ts";
import { checkResuming, checkTraining, type TrainingSetup } from "./training.ts";

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

const EPOCH = 3;

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

const isFinite = ({ weighted, weights, host }: Weighed): boolean =>
  [...weighted, ...weights, ...Object.values(host).flat()].every(Number.isFinite);

const wellFormed: Law<WeightingSubject> = law("wellFormed", async (subject) => {
  const plugin = subject.make();
  checkPlugin(plugin, "weighting");
  await withWeighting(
    subject,
    ({ part, scope }) => {
      demand(typeof part.weigh === "function", "a weighting must have `weigh`", "it has none");
      checkParameters(part.variables ?? [], scope.tasks);
      checkListed(scope.variables, part.variables ?? []);
      return Promise.resolve();
    },
    { plugin },
  );
});

const finiteForEveryTask: Law<WeightingSubject> = law("finiteForEveryTask", async (subject) => {
  for (const scale of [1, 1e-6, 1e6]) {
    const scaled = course.map((step) => ({
      ...step,
      losses: step.losses.map((loss) => loss * scale),
    }));
    // Weightings that learn by descent are not asked to bear any rate at any scale: a rate of 0 keeps them where they are.
    await withWeighting(
      subject,
      async (run) => {
        const results = await follow(run, scaled);
        demand(results.every(isFinite), `weights must be finite at losses of size ${scale}`, () =>
          JSON.stringify(results.find((r) => !isFinite(r))),
        );
      },
      { rate: scale === 1 ? 0.1 : 0 },
    );
  }
});

const sameSeedSameResult: Law<WeightingSubject> = law("sameSeedSameResult", async (subject) => {
  const [one, two] = [
    await withWeighting(subject, (run) => follow(run, course)),
    await withWeighting(subject, (run) => follow(run, course)),
  ];
  demand(sameValue(one, two), "two runs of one seed must be bit-identical", "they differ");
});

const leavesInputAlone: Law<WeightingSubject> = law("leavesInputAlone", async (subject) => {
  await withWeighting(subject, async ({ part, scope, step }) => {
    const losses = tf.tensor1d([...course[0].losses]);
    const present = tf.tensor1d([1, 1, 1]);
    const before = Array.from(await losses.data());
    tf.tidy(() => {
      part.weigh(losses, present, testStep<string>().pass(scope.tasks));
    });
    const intact =
      !losses.isDisposed &&
      !present.isDisposed &&
      sameValue(Array.from(await losses.data()), before);
    tf.dispose([losses, present]);
    demand(intact, "weigh must not change or dispose of its input", "it did");
    await step(course[0]);
    const report: StepReport = {
      step: 1,
      epoch: 0,
      stepsInEpoch: EPOCH,
      stepInEpoch: 1,
      present: scope.tasks,
      counts: { a: 8, b: 8, c: 8 },
      losses: { a: 1, b: 2, c: 3 },
      weights: { a: 1, b: 1, c: 1 },
      lastSharedNorms: { a: 1, b: 2, c: 3 },
      gramian: [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ],
      rate: 0.1,
      milliseconds: 1,
    };
    const copy = structuredClone(report);
    await part.observe?.(report);
    demand(sameValue(report, copy), "observe must not change the report", "it did");
  });
});

const leaksNothing: Law<WeightingSubject> = law("leaksNothing", async (subject) => {
  await expectNoLeak(() =>
    withWeighting(subject, async (run) => {
      await follow(run, course);
      const before = tf.memory().numTensors;
      await follow(run, gappedCourse);
      const more = tf.memory().numTensors - before;
      demand(
        more === 0,
        "steps must leave no tensor behind",
        `${gappedCourse.length} steps left ${more}`,
      );
    }),
  );
});

const leaksNothingOnThrow: Law<WeightingSubject> = law("leaksNothingOnThrow", async (subject) => {
  const some = course.slice(0, EPOCH);
  let calls = 0;
  await withWeighting(subject, (run) => follow(run, some), { onCall: () => calls++ });
  // Every one of the first calls, then some of the rest.
  for (let at = 0; at < calls; at += 1 + Math.floor(at / 8)) {
    let call = 0;
    const onCall = (): void => {
      if (call++ === at) throw new Error("on purpose");
    };
    await expectNoLeak(() =>
      settle(() => withWeighting(subject, (run) => follow(run, some), { onCall })),
    );
  }
});

const usesNoMathRandom: Law<WeightingSubject> = law("usesNoMathRandom", (subject) =>
  withoutMathRandom(async () => {
    await withWeighting(subject, (run) => follow(run, course));
  }),
);

const trainersShareNothing: Law<WeightingSubject> = law("trainersShareNothing", async (subject) => {
  const plugin = subject.make();
  const alone = await withWeighting(subject, (run) => follow(run, course));
  await withWeighting(
    subject,
    async (one) => {
      const first = await follow(one, course);
      await withWeighting(
        subject,
        async (two) => {
          const second = await follow(two, course);
          const same = sameValue(first, alone) && sameValue(second, alone);
          demand(
            same,
            "one plugin value in two trainers must give each what it gives one alone",
            "the second differs",
          );
        },
        { plugin },
      );
    },
    { plugin },
  );
});

const listedIn = ({ part }: WeightingRun): Variable[] =>
  (part.variables ?? []).map(({ variable }) => variable);

const restoresBitIdentically: Law<WeightingSubject> = law(
  "restoresBitIdentically",
  async (subject) => {
    for (const [steps, stops] of [
      [course, [1, 2 * EPOCH + 2]],
      [gappedCourse, [EPOCH, 4 * EPOCH + 1]],
    ] as const) {
      const whole = await withWeighting(subject, (run) => follow(run, steps));
      for (const stop of stops) {
        const saved = await withWeighting(subject, async (run) => {
          await follow(run, steps.slice(0, stop));
          const state = run.part.state?.();
          checkJson(state);
          const copy = structuredClone(state);
          const scope = await run.scope.save(listedIn(run));
          const place = run.place();
          await follow(run, steps.slice(stop));
          demand(
            sameValue(state, copy),
            "state must be a copy",
            "later steps changed what was saved",
          );
          return { state, scope, place };
        });
        await withWeighting(
          subject,
          async (run) => {
            if (saved.state !== undefined) run.part.restore?.(saved.state);
            run.scope.load(saved.scope, listedIn(run));
            run.resume(saved.place);
            const rest = await follow(run, steps.slice(stop));
            demand(
              sameValue(rest, whole.slice(stop)),
              "a restored run must go on bit for bit",
              `stopped after step ${stop}, it does not`,
            );
          },
          { seed: subject.seed + 1 },
        );
      }
    }
  },
);

const bearsAbsentTasks: Law<WeightingSubject> = law("bearsAbsentTasks", async (subject) => {
  await withWeighting(subject, async (run) => {
    const results = await follow(run, gappedCourse);
    const bad = results.findIndex((result) => !isFinite(result));
    demand(
      bad < 0,
      "everything must stay finite, whoever is absent",
      () => `step ${bad}: ${JSON.stringify(results[bad])}`,
    );
  });
});

const readsNoValues: Law<WeightingSubject> = law("readsNoValues", async (subject) => {
  await withWeighting(subject, async (run) => {
    await follow(run, course.slice(0, EPOCH));
    tf.tidy(() => {
      const losses = tf.tensor1d([...course[EPOCH].losses]);
      withoutReads(() =>
        run.part.weigh(losses, tf.ones([3]), testStep<string>().pass(run.scope.tasks)),
      );
    });
  });
});

const variesThroughThePassAlone: Law<WeightingSubject> = law(
  "variesThroughThePassAlone",
  async (subject) => {
    await withWeighting(subject, async (run) => {
      const inputs = testStep<string>();
      const variables = listedIn(run);
      const start = await run.scope.save(variables);
      const phase = run.part.phase?.();
      const first = await run.evaluate(course[0], inputs);
      for (const step of course) {
        await run.step(step);
        if (run.part.phase?.() !== phase) continue;
        const now = await run.scope.save(variables);
        run.scope.load(start, variables);
        const again = await run.evaluate(course[0], inputs);
        run.scope.load(now, variables);
        demand(
          sameValue([again.weighted, again.weights], [first.weighted, first.weights]),
          "with the variables, noise and host values of an earlier step, weigh must give what it gave then: a value that varies enters by pass.host",
          "it gave something else",
        );
      }
    });
  },
);

const hostValuesFollowState: Law<WeightingSubject> = law(
  "hostValuesFollowState",
  async (subject) => {
    await withWeighting(subject, async (run) => {
      const before = JSON.stringify([run.part.state?.(), run.part.phase?.()]);
      const results = await follow(run, course);
      const after = JSON.stringify([run.part.state?.(), run.part.phase?.()]);
      const reads = Object.keys(results[0].host).length > 0;
      const moved = results.some(({ host }) => !sameValue(host, results[0].host));
      demand(
        !reads || before === after || moved,
        "where the state changes, some host value must",
        "every step read what step one read",
      );
    });
  },
);

const errorsCarryCodes: Law<WeightingSubject> = law("errorsCarryCodes", async (subject) => {
  await checkRefusals(subject.rejects);
  const [name, task] = Object.entries(subject.tasks)[0];
  const made = await settle(() =>
    withWeighting(subject, () => Promise.resolve(), { tasks: { [name]: task } }),
  );
  if (!made.ok) checkCode(made.error);
});

const trainOn = ({ tasks, seed, make }: WeightingSubject): TrainingSetup => ({
  tasks,
  seed,
  input: [6],
  parts: () => ({ architecture: plainModel(), weighting: make() }),
});

/** What every weighting must keep. */
export const weightingObligations: readonly Law<WeightingSubject>[] = [
  wellFormed,
  finiteForEveryTask,
  sameSeedSameResult,
  leavesInputAlone,
  leaksNothing,
  leaksNothingOnThrow,
  usesNoMathRandom,
  trainersShareNothing,
  restoresBitIdentically,
  bearsAbsentTasks,
  readsNoValues,
  variesThroughThePassAlone,
  hostValuesFollowState,
  errorsCarryCodes,
  law("trainsWithMissingLabels", (subject) => checkTraining(trainOn(subject))),
  law("resumesBitIdentically", (subject) => checkResuming(trainOn(subject))),
];
