import * as tf from "@tensorflow/tfjs";
import { seededRandom } from "@polytask/core";
import {
  type ArchitectureSubject,
  evaluate,
  lossOf,
  type MadeModel,
  stepFrom,
  withModel,
} from "./architecture.ts";
import { withoutMathRandom, withoutReads } from "./guards.ts";
import { demand, law, type Law } from "./law.ts";
import { expectNoLeak, settle } from "./leak.ts";
import { ownershipExact } from "./ownership.ts";
import { testStep } from "./pass.ts";
import {
  checkBuffers,
  checkCode,
  checkListed,
  checkNames,
  checkParameters,
  checkPlugin,
  checkRefusals,
  sameValue,
} from "./plugin-laws.ts";
import {
  agreesWithEager,
  checkIdentitySurgery,
  checkResuming,
  checkTraining,
  type TrainingSetup,
} from "./training.ts";

const trainOn = (subject: ArchitectureSubject): TrainingSetup => ({
  tasks: subject.tasks,
  input: subject.input,
  seed: subject.seed,
  engine: subject.engine,
  parts: () => ({ architecture: subject.make() }),
});

/** One forward and one backward of every task. */
const exercise = (made: MadeModel): void => {
  const random = seededRandom(1)("exercise");
  for (const name of made.scope.tasks) {
    tf.tidy(() => {
      const inputs = made.inputs(4, random);
      const step = stepFrom(0);
      tf.variableGrads(() =>
        tf
          .add(
            lossOf(made, name, inputs, step, random),
            made.model.penalty?.(step.pass(made.scope.tasks)) ?? 0,
          )
          .asScalar(),
      );
    });
  }
};

/** Kind, name (kebab case) and contract are right; every variable is listed, under a name of its own, trainable if trained. */
const wellFormed: Law<ArchitectureSubject> = law("wellFormed", async (subject) => {
  const plugin = subject.make();
  checkPlugin(plugin, "architecture");
  await withModel(
    subject,
    ({ model, scope }) => {
      const { parameters, buffers = [], lastShared } = model;
      demand(parameters.length > 0, "a model must have parameters", "it lists none");
      checkParameters(parameters, scope.tasks);
      checkBuffers(buffers);
      checkNames([...parameters, ...buffers]);
      checkListed(scope.variables, [...parameters, ...buffers]);
      const last = parameters.filter(({ variable }) => lastShared.includes(variable));
      demand(
        last.length === lastShared.length,
        "lastShared must be made of parameters",
        "one is not listed",
      );
      // A task that none of them belongs to would have a gradient norm of 0 by construction.
      const without = scope.tasks.find((name) => !last.some(({ tasks }) => tasks.includes(name)));
      demand(
        lastShared.length === 0 || without === undefined,
        "every task must have a gradient at lastShared",
        `"${String(without)}" has none`,
      );
    },
    { plugin },
  );
});

/** Finite scores [batch, ...labelShape, units] of every wanted task, whichever others are wanted. */
const scoresEveryTask: Law<ArchitectureSubject> = law("scoresEveryTask", async (subject) => {
  await withModel(subject, async (made) => {
    const { tasks } = made.scope;
    const all = await evaluate(made, stepFrom(0, false));
    const finite = Object.values(all).flat().every(Number.isFinite);
    demand(finite, "scores must be finite", () => JSON.stringify(all));
    const subsets = [...tasks.map((name) => [name]), tasks.slice(1), tasks.slice(0, -1)].filter(
      (set) => set.length > 0,
    );
    for (const wanted of subsets) {
      const some = await evaluate(made, stepFrom(0, false), { tasks: wanted });
      for (const name of wanted) {
        const same = some[name].every(
          (value, i) => Math.abs(value - all[name][i]) <= subject.tolerance * (1 + Math.abs(value)),
        );
        demand(
          same,
          "a task's scores must not depend on which others are wanted",
          `those of "${name}" do`,
        );
      }
    }
    for (const batch of [1, 2, 7]) await evaluate(made, stepFrom(0), { batch });
  });
});

/** One step's noise and host values give one result, and outside training noise has no effect. */
const deterministicGivenThePass: Law<ArchitectureSubject> = law(
  "deterministicGivenThePass",
  async (subject) => {
    await withModel(subject, async (made) => {
      const step = stepFrom(0);
      const first = await evaluate(made, step);
      await evaluate(made, testStep({ at: { step: 50, epoch: 5 } }), { batch: 3, seed: 9 });
      demand(
        sameValue(await evaluate(made, step), first),
        "one step's noise and host values must give one result: what varies enters by the pass",
        "a second evaluation differs",
      );
      const [one, two] = [
        await evaluate(made, stepFrom(1, false)),
        await evaluate(made, stepFrom(2, false)),
      ];
      demand(sameValue(one, two), "outside training scores must not depend on noise", "they do");
    });
  },
);

/** Nothing is set but by pass.assign, and no input disposed of. */
const changesNothing: Law<ArchitectureSubject> = law("forwardChangesNothing", async (subject) => {
  await withModel(subject, async (made) => {
    const before = await made.scope.save(made.scope.variables);
    tf.tidy(() => {
      const inputs = made.inputs(4, seededRandom(0)("inputs"));
      const tensors = inputs instanceof tf.Tensor ? [inputs] : Object.values(inputs);
      made.scores(inputs, stepFrom(0));
      demand(
        tensors.every((tensor) => !tensor.isDisposed),
        "forward must not dispose of its input",
        "it did",
      );
    });
    const after = await made.scope.save(made.scope.variables);
    const same = after.variables.every((values, i) =>
      sameValue([...values], [...before.variables[i]]),
    );
    demand(same, "forward must not set variables but by pass.assign", "it did");
  });
});

/** Two models of one seed are bit-identical. */
const sameSeedSameStart: Law<ArchitectureSubject> = law("sameSeedSameResult", async (subject) => {
  const start = (): Promise<unknown> =>
    withModel(subject, async (made) => {
      const { variables } = await made.scope.save(made.scope.variables);
      return [variables.map((values) => [...values]), await evaluate(made, stepFrom(0))];
    });
  demand(
    sameValue(await start(), await start()),
    "two models of one seed must be bit-identical",
    "they differ",
  );
});

/** Steps leave no tensor behind, and disposal leaves none at all. */
const leaksNothing: Law<ArchitectureSubject> = law("leaksNothing", async (subject) => {
  await expectNoLeak(() =>
    withModel(subject, (made) => {
      exercise(made);
      const before = tf.memory().numTensors;
      exercise(made);
      const more = tf.memory().numTensors - before;
      demand(
        more === 0,
        "passes must leave no tensor behind",
        `${made.scope.tasks.length} left ${more}`,
      );
    }),
  );
});

/** Whichever call on the scope or the pass throws, no tensor is left. */
const leaksNothingOnThrow: Law<ArchitectureSubject> = law(
  "leaksNothingOnThrow",
  async (subject) => {
    const attempt = (onCall: (call: string) => void): Promise<unknown> =>
      withModel(
        subject,
        (made) => {
          // Not under a gradient: where its function throws, tfjs itself leaves what the tape saved.
          tf.tidy(() => {
            const step = testStep<string>({ onCall });
            made.scores(made.inputs(4, seededRandom(0)("inputs")), step);
            made.model.penalty?.(step.pass(made.scope.tasks));
          });
        },
        { onCall },
      );
    let calls = 0;
    await attempt(() => calls++);
    // Every one of the first calls, then some of the rest.
    for (let at = 0; at < calls; at += 1 + Math.floor(at / 8)) {
      let call = 0;
      await expectNoLeak(() =>
        settle(() =>
          attempt(() => {
            if (call++ === at) throw new Error("on purpose");
          }),
        ),
      );
    }
  },
);

/** Nothing is drawn from Math.random, by tfjs neither. */
const usesNoMathRandom: Law<ArchitectureSubject> = law("usesNoMathRandom", (subject) =>
  withoutMathRandom(() =>
    withModel(subject, (made) => {
      exercise(made);
    }),
  ),
);

/** One plugin value in two trainers gives each what it would give one alone. */
const trainersShareNothing: Law<ArchitectureSubject> = law(
  "trainersShareNothing",
  async (subject) => {
    const plugin = subject.make();
    await withModel(
      subject,
      async (one) => {
        const first = await evaluate(one, stepFrom(0));
        await withModel(
          subject,
          async (two) => {
            const second = await evaluate(two, stepFrom(0));
            demand(
              sameValue(first, second),
              "one plugin value must make the same model for each trainer",
              "the second differs",
            );
            const shared = two.model.parameters.some(({ variable }) =>
              one.model.parameters.some((other) => other.variable === variable),
            );
            demand(!shared, "every trainer must have variables of its own", "two share one");
          },
          { plugin },
        );
        demand(
          sameValue(await evaluate(one, stepFrom(0)), first),
          "disposing of one trainer must not touch another",
          "it did",
        );
      },
      { plugin },
    );
  },
);

/** Traced code reads no tensor's value. */
const readsNoValues: Law<ArchitectureSubject> = law("readsNoValues", async (subject) => {
  await withModel(subject, (made) => {
    tf.tidy(() => {
      const inputs = made.inputs(4, seededRandom(0)("inputs"));
      const step = stepFrom(0);
      withoutReads(() => [
        made.scores(inputs, step),
        made.model.penalty?.(step.pass(made.scope.tasks)),
      ]);
    });
  });
});

/** What `rejects` lists is refused, and errors carry codes, that for a single task too. */
const errorsCarryCodes: Law<ArchitectureSubject> = law("errorsCarryCodes", async (subject) => {
  await checkRefusals(subject.rejects);
  const [name, task] = Object.entries(subject.tasks)[0];
  const made = await settle(() =>
    withModel(
      subject,
      (made) => {
        exercise(made);
      },
      { tasks: { [name]: task } },
    ),
  );
  if (!made.ok) checkCode(made.error);
});

/** What every architecture must keep. */
export const architectureObligations: readonly Law<ArchitectureSubject>[] = [
  wellFormed,
  scoresEveryTask,
  deterministicGivenThePass,
  changesNothing,
  ownershipExact,
  sameSeedSameStart,
  leaksNothing,
  leaksNothingOnThrow,
  usesNoMathRandom,
  trainersShareNothing,
  readsNoValues,
  errorsCarryCodes,
  law("trainsWithMissingLabels", (subject) => checkTraining(trainOn(subject))),
  law("resumesBitIdentically", (subject) => checkResuming(trainOn(subject))),
  law("identitySurgeryEqualsNoSurgery", (subject) =>
    checkIdentitySurgery(trainOn(subject), subject.tolerance),
  ),
];

/** What every architecture must keep besides, where an engine is given. */
export const architectureEngineLaws: readonly Law<ArchitectureSubject>[] = [
  agreesWithEager(trainOn),
];
