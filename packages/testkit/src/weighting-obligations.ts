import * as tf from "@tensorflow/tfjs";
import type { Variable } from "@tensorflow/tfjs";
import type { StepReport } from "@polytask/core";
import { withoutMathRandom, withoutReads } from "./guards.ts";
import { demand, law, type Law } from "./law.ts";
import { expectNoLeak, settle } from "./leak.ts";
import { testStep } from "./pass.ts";
import { plainModel } from "./plain-model.ts";
import {
  checkCode,
  checkJson,
  checkListed,
  checkParameters,
  checkPlugin,
  checkRefusals,
  sameValue,
} from "./plugin-laws.ts";
import type { Weighed, WeightingRun } from "./prepare-weighting.ts";
import { agreesWithEager, checkResuming, checkTraining, type TrainingSetup } from "./training.ts";
import {
  course,
  EPOCH,
  follow,
  gappedCourse,
  type WeightingSubject,
  withWeighting,
} from "./weighting.ts";

const isFinite = ({ weighted, weights, host }: Weighed): boolean =>
  [...weighted, ...weights, ...Object.values(host).flat()].every(Number.isFinite);

/** Kind, name (kebab case) and contract are right; every variable is listed, under a name of its own, trainable if trained. */
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

/** One finite weighted loss and weight per task, at losses of sizes 1e-6 to 1e6. */
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

/** Two made from one seed are bit-identical. */
const sameSeedSameResult: Law<WeightingSubject> = law("sameSeedSameResult", async (subject) => {
  const [one, two] = [
    await withWeighting(subject, (run) => follow(run, course)),
    await withWeighting(subject, (run) => follow(run, course)),
  ];
  demand(sameValue(one, two), "two runs of one seed must be bit-identical", "they differ");
});

/** What is handed in is neither changed nor disposed of. */
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

/** Steps leave no tensor behind, and disposal leaves none at all. */
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

/** Whichever call on the scope or the pass throws, no tensor is left. */
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

/** Nothing is drawn from Math.random, by tfjs neither. */
const usesNoMathRandom: Law<WeightingSubject> = law("usesNoMathRandom", (subject) =>
  withoutMathRandom(async () => {
    await withWeighting(subject, (run) => follow(run, course));
  }),
);

/** One plugin value in two trainers gives each what it would give one alone. */
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

/** State is a JSON copy; restored in another trainer, with variables and streams, it goes on bit for bit. */
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

/** Whoever is absent, results of the present are finite and of the right shape. */
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

/** Traced code reads no tensor's value. */
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

/** With an earlier step's variables, noise and host values, weigh gives what it gave then: a trace would. */
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

/** Where the state changes, what `pass.host` reads does: it is not frozen at step one. */
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

/** What `rejects` lists is refused, and errors carry codes, that for a single task too. */
const errorsCarryCodes: Law<WeightingSubject> = law("errorsCarryCodes", async (subject) => {
  await checkRefusals(subject.rejects);
  const [name, task] = Object.entries(subject.tasks)[0];
  const made = await settle(() =>
    withWeighting(subject, () => Promise.resolve(), { tasks: { [name]: task } }),
  );
  if (!made.ok) checkCode(made.error);
});

const trainOn = ({ tasks, seed, make, engine }: WeightingSubject): TrainingSetup => ({
  tasks,
  seed,
  input: [6],
  engine,
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

/** What every weighting must keep besides, where an engine is given. */
export const weightingEngineLaws: readonly Law<WeightingSubject>[] = [agreesWithEager(trainOn)];
