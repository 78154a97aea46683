import * as tf from "@tensorflow/tfjs";
import type { Variable } from "@tensorflow/tfjs";
import { type Matrix, multiply, transpose } from "@polytask/core";
import { withoutMathRandom, withoutReads } from "./guards.ts";
import { demand, law, type Law } from "./law.ts";
import { expectNoLeak, settle } from "./leak.ts";
import { testStep } from "./pass.ts";
import { plainModel } from "./plain-model.ts";
import {
  checkBuffers,
  checkCode,
  checkJson,
  checkListed,
  checkPlugin,
  checkRefusals,
  sameValue,
} from "./plugin-laws.ts";
import { prepareSurgery, type SurgeryRun } from "./prepare-surgery.ts";
import { jacobianOf } from "./samples.ts";
import { sampleTasks } from "./scope.ts";
import { editedRows, type SurgerySubject, withSurgery } from "./surgery.ts";
import { agreesWithEager, checkResuming, checkTraining, type TrainingSetup } from "./training.ts";

/** A short run: Jacobians of three tasks in conflict, some tasks absent in some steps. */
const course: readonly { readonly jacobian: Matrix; readonly present: readonly number[] }[] = [
  [0, 1, 2],
  [0, 1, 2],
  [0, 2],
  [1],
  [0, 1, 2],
  [1, 2],
  [0, 1, 2],
].map((present, i) => {
  const [first, ...others] = jacobianOf({ rows: present.length, columns: 6, seed: 20 + i });
  // Every row leans against the first, so that surgeries have something to do.
  const against = others.map((row) => row.map((x, j) => x - 1.2 * first[j]));
  return { jacobian: [first, ...against], present };
});

const runCourse = async (run: SurgeryRun, from = 0, to = course.length): Promise<number[][][]> => {
  const results: number[][][] = [];
  for (const { jacobian, present } of course.slice(from, to)) {
    results.push(await run.step(jacobian, { present, losses: present.map((k) => 1 + k) }));
  }
  return results;
};

/** Kind, name (kebab case) and contract are right; every variable is listed, under a name of its own, trainable if trained. */
const wellFormed: Law<SurgerySubject> = law("wellFormed", async (subject) => {
  const plugins = subject.make();
  for (const plugin of [plugins].flat()) checkPlugin(plugin, "surgery");
  await withSurgery(
    subject,
    {},
    ({ parts, scope }) => {
      for (const part of parts) {
        demand(
          part.mix !== undefined || part.edit !== undefined,
          "a surgery must have `mix` or `edit`",
          "it has neither",
        );
        checkBuffers(part.buffers ?? []);
      }
      checkListed(
        scope.variables,
        parts.flatMap(({ buffers = [] }) => buffers),
      );
      return Promise.resolve();
    },
    plugins,
  );
});

/** Every sample is accepted, and its edited rows are finite. */
const finiteOnAllSamples: Law<SurgerySubject> = law("finiteOnAllSamples", async (subject) => {
  for (const { name, jacobian } of subject.samples) {
    const outcome = await settle(() => editedRows(subject, jacobian));
    demand(
      outcome.ok,
      "every sample must be accepted",
      () => `"${name}" threw ${String((outcome as { error: unknown }).error)}`,
    );
    const finite = outcome.value.every((row) => row.every(Number.isFinite));
    demand(
      finite,
      "edited rows must be finite",
      () => `"${name}" gave ${JSON.stringify(outcome.value)}`,
    );
  }
});

/** Two made from one seed are bit-identical. */
const sameSeedSameResult: Law<SurgerySubject> = law("sameSeedSameResult", async (subject) => {
  for (const seed of [subject.seed, subject.seed + 1]) {
    const [one, two] = [
      await withSurgery(subject, { seed }, runCourse),
      await withSurgery(subject, { seed }, runCourse),
    ];
    demand(
      sameValue(one, two),
      "two runs of one seed must be bit-identical",
      `seed ${seed} gave two results`,
    );
  }
});

/** What is handed in is neither changed nor disposed of. */
const leavesInputAlone: Law<SurgerySubject> = law("leavesInputAlone", async (subject) => {
  const present = ["a", "b", "c"];
  await withSurgery(subject, {}, async ({ parts, scope }) => {
    for (const { mix, edit } of parts) {
      for (const { jacobian } of course.filter((at) => at.present.length === 3)) {
        if (mix) {
          const input = {
            gramian: multiply(jacobian, transpose(jacobian)),
            losses: [1, 2, 3],
            present,
            block: 0,
            step: 0,
          };
          const before = structuredClone(input);
          const c = mix(input);
          demand(sameValue(input, before), "mix must not change its input", "it did");
          demand(
            (c as unknown) !== input.gramian,
            "mix must return a matrix of its own",
            "it returned its input",
          );
        } else if (edit) {
          const j = tf.tensor2d(jacobian.flat(), [3, 6]);
          const before = await j.data();
          tf.tidy(() => {
            edit(j, tf.ones([3]), testStep<string>().pass(scope.tasks));
          });
          const intact = !j.isDisposed && sameValue(Array.from(await j.data()), Array.from(before));
          j.dispose();
          demand(intact, "edit must not change or dispose of its input", "it did");
        }
      }
    }
  });
});

/** Steps leave no tensor behind, and disposal leaves none at all. */
const leaksNothing: Law<SurgerySubject> = law("leaksNothing", async (subject) => {
  await expectNoLeak(() =>
    withSurgery(subject, {}, async (run) => {
      await runCourse(run);
      const before = tf.memory().numTensors;
      await runCourse(run);
      const more = tf.memory().numTensors - before;
      demand(
        more === 0,
        "steps must leave no tensor behind",
        `${course.length} steps left ${more}`,
      );
    }),
  );
});

/** Whichever call on the scope or the pass throws, no tensor is left. */
const leaksNothingOnThrow: Law<SurgerySubject> = law("leaksNothingOnThrow", async (subject) => {
  let calls = 0;
  await withSurgery(subject, { onCall: () => calls++ }, runCourse);
  // Every one of the first calls, then some of the rest.
  for (let at = 0; at < calls; at += 1 + Math.floor(at / 8)) {
    let call = 0;
    const onCall = (): void => {
      if (call++ === at) throw new Error("on purpose");
    };
    await expectNoLeak(() => settle(() => withSurgery(subject, { onCall }, runCourse)));
  }
});

/** Nothing is drawn from Math.random, by tfjs neither. */
const usesNoMathRandom: Law<SurgerySubject> = law("usesNoMathRandom", (subject) =>
  withoutMathRandom(async () => {
    await withSurgery(subject, {}, runCourse);
  }),
);

/** One plugin value in two trainers gives each what it would give one alone. */
const trainersShareNothing: Law<SurgerySubject> = law("trainersShareNothing", async (subject) => {
  const plugins = subject.make();
  const alone = await withSurgery(subject, {}, runCourse);
  await withSurgery(
    subject,
    {},
    async (one) => {
      const first = await runCourse(one);
      await withSurgery(
        subject,
        {},
        async (two) => {
          const second = await runCourse(two);
          const same = sameValue(first, alone) && sameValue(second, alone);
          demand(
            same,
            "one plugin value in two trainers must give each what it gives one alone",
            "the second differs",
          );
        },
        plugins,
      );
    },
    plugins,
  );
});

const listedIn = ({ parts }: SurgeryRun): Variable[] =>
  parts.flatMap(({ buffers = [] }) => buffers.map(({ variable }) => variable));

/** State is a JSON copy; restored in another trainer, with variables and streams, it goes on bit for bit. */
const restoresBitIdentically: Law<SurgerySubject> = law(
  "restoresBitIdentically",
  async (subject) => {
    const whole = await withSurgery(subject, {}, runCourse);
    for (const stop of [1, 2, 5]) {
      const saved = await withSurgery(subject, {}, async (run) => {
        await runCourse(run, 0, stop);
        const parts = run.parts.map((part) => part.state?.());
        parts.forEach(checkJson);
        const scope = await run.scope.save(listedIn(run));
        const copy = structuredClone(parts);
        await runCourse(run, stop);
        demand(
          sameValue(parts, copy),
          "state must be a copy",
          "later steps changed what was saved",
        );
        return { parts, scope };
      });
      await withSurgery(subject, { seed: subject.seed + 1 }, async (run) => {
        run.parts.forEach((part, i) => {
          const state = saved.parts[i];
          if (state !== undefined) part.restore?.(state);
        });
        run.scope.load(saved.scope, listedIn(run));
        const rest = await runCourse(run, stop);
        demand(
          sameValue(rest, whole.slice(stop)),
          "a restored run must go on bit for bit",
          `stopped after step ${stop}, it does not`,
        );
      });
    }
  },
);

/** Whoever is absent, results of the present are finite and of the right shape. */
const bearsAbsentTasks: Law<SurgerySubject> = law("bearsAbsentTasks", async (subject) => {
  await withSurgery(subject, {}, async (run) => {
    for (const present of [[0, 2], [1], [2, 1].toSorted(), [0, 1, 2], [2]]) {
      const jacobian = jacobianOf({ rows: present.length, columns: 6, seed: present.length });
      const rows = await run.step(jacobian, { present });
      const good =
        rows.length === present.length &&
        rows.every((row) => row.length === 6 && row.every(Number.isFinite));
      demand(
        good,
        "edited rows of the present tasks must be finite, whoever is absent",
        () => `present ${present.join()}: ${JSON.stringify(rows)}`,
      );
    }
  });
});

/** Traced code reads no tensor's value. */
const readsNoValues: Law<SurgerySubject> = law("readsNoValues", async (subject) => {
  await withSurgery(subject, {}, ({ parts, scope }) => {
    for (const { edit } of parts) {
      if (edit)
        tf.tidy(
          () =>
            withoutReads(() =>
              edit(
                tf.tensor2d(course[0].jacobian.flat(), [3, 6]),
                tf.ones([3]),
                testStep<string>().pass(scope.tasks),
              ),
            ) && undefined,
        );
    }
    return Promise.resolve();
  });
});

/** What `rejects` lists is refused, and errors carry codes, that for a single task too. */
const errorsCarryCodes: Law<SurgerySubject> = law("errorsCarryCodes", async (subject) => {
  await checkRefusals(subject.rejects);
  const made = await settle(async () => {
    const run = await prepareSurgery(subject.make(), { tasks: 1, sizes: [6] });
    run.dispose();
  });
  if (!made.ok) checkCode(made.error);
});

const trainOn = ({ seed, make, engine }: SurgerySubject): TrainingSetup => ({
  tasks: sampleTasks,
  seed,
  input: [6],
  engine,
  parts: () => ({ architecture: plainModel(), surgery: make() }),
});

/** What every surgery must keep. */
export const surgeryObligations: readonly Law<SurgerySubject>[] = [
  wellFormed,
  finiteOnAllSamples,
  sameSeedSameResult,
  leavesInputAlone,
  leaksNothing,
  leaksNothingOnThrow,
  usesNoMathRandom,
  trainersShareNothing,
  restoresBitIdentically,
  bearsAbsentTasks,
  readsNoValues,
  errorsCarryCodes,
  law("trainsWithMissingLabels", (subject) => checkTraining(trainOn(subject))),
  law("resumesBitIdentically", (subject) => checkResuming(trainOn(subject))),
];

/** What every surgery must keep besides, where an engine is given. */
export const surgeryEngineLaws: readonly Law<SurgerySubject>[] = [agreesWithEager(trainOn)];
