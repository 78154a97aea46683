import * as tf from "@tensorflow/tfjs";
import {
  CONTRACT,
  identityMatrix,
  type Matrix,
  type RegularizerPlugin,
  seededRandom,
} from "@polytask/core";
import { withoutMathRandom, withoutReads } from "./guards.ts";
import { gramianDistance } from "./differences.ts";
import { demand, law, type Law } from "./law.ts";
import { expectNoLeak, settle } from "./leak.ts";
import { testStep } from "./pass.ts";
import {
  checkCode,
  checkListed,
  checkParameters,
  checkPlugin,
  checkRefusals,
  sameValue,
} from "./plugin-laws.ts";
import {
  type MadeRegularizer,
  penaltyAt,
  proxAt,
  type RegularizerSubject,
  withRegularizer,
} from "./regularizer.ts";
import {
  agreesWithEager,
  checkResuming,
  checkTraining,
  type TrainingSetup,
  withTrainer,
} from "./training.ts";

const everything = async (made: MadeRegularizer): Promise<unknown> => [
  await penaltyAt(made),
  await proxAt(made, 0.1),
];

/** Kind, name (kebab case) and contract are right; every variable is listed, under a name of its own, trainable if trained. */
const wellFormed: Law<RegularizerSubject> = law("wellFormed", async (subject) => {
  const plugin = subject.make();
  checkPlugin(plugin, "regularizer");
  await withRegularizer(
    subject,
    ({ part, own, scope }) => {
      const { variables = [] } = part;
      demand(
        part.penalty !== undefined || part.prox !== undefined,
        "a regularizer must have `penalty` or `prox`",
        "it has neither",
      );
      checkParameters(variables, scope.tasks);
      checkListed(own, variables);
    },
    { plugin },
  );
});

/** Penalty, gradient and proximal step are finite at parameters of sizes 0 to 1e4, whoever is present. */
const finiteEverywhere: Law<RegularizerSubject> = law("finiteEverywhere", async (subject) => {
  await withRegularizer(subject, async (made) => {
    for (const scale of [1, 0, 1e-8, 1e4]) {
      made.spread(scale, seededRandom(subject.seed)("spread"));
      for (const present of [
        [1, 1, 1],
        [0, 1, 0],
        [0, 0, 1],
      ]) {
        const found = await penaltyAt(made, testStep(), present);
        const finite =
          found === undefined || [found.value, ...found.gradient].every(Number.isFinite);
        demand(
          finite,
          "penalty and gradient must be finite",
          () => `parameters of size ${scale}, present ${present.join()}: ${found?.value}`,
        );
      }
      const moved = await proxAt(made, 0.1);
      demand(
        Object.values(moved).flat().every(Number.isFinite),
        "proximal steps must be finite",
        () => `at parameters of size ${scale} they are not`,
      );
    }
  });
});

/** One step's noise and host values give one result, and outside training noise has no effect. */
const deterministicGivenThePass: Law<RegularizerSubject> = law(
  "deterministicGivenThePass",
  async (subject) => {
    await withRegularizer(subject, async (made) => {
      const step = testStep<string>();
      const first = await penaltyAt(made, step);
      await penaltyAt(
        made,
        testStep({ at: { step: 50, epoch: 5 }, noise: seededRandom(9)("noise") }),
      );
      demand(
        sameValue(await penaltyAt(made, step), first),
        "one step's noise and host values must give one penalty: what varies enters by the pass",
        "a second evaluation differs",
      );
    });
  },
);

/** Two made from one seed are bit-identical. */
const sameSeedSameResult: Law<RegularizerSubject> = law("sameSeedSameResult", async (subject) => {
  const [one, two] = [
    await withRegularizer(subject, everything),
    await withRegularizer(subject, everything),
  ];
  demand(sameValue(one, two), "two regularizers of one seed must be bit-identical", "they differ");
});

/** Nothing is set but by pass.assign, and no input disposed of. */
const changesNothing: Law<RegularizerSubject> = law("changesNothingItself", async (subject) => {
  await withRegularizer(subject, async (made) => {
    const { variables } = made.scope;
    const before = await made.scope.save(variables);
    await everything(made);
    const after = await made.scope.save(variables);
    demand(
      sameValue(
        before.variables.map((v) => [...v]),
        after.variables.map((v) => [...v]),
      ),
      "penalty and prox must return values, not set variables",
      "they did",
    );
  });
});

/** Steps leave no tensor behind, and disposal leaves none at all. */
const leaksNothing: Law<RegularizerSubject> = law("leaksNothing", async (subject) => {
  await expectNoLeak(() =>
    withRegularizer(subject, async (made) => {
      await everything(made);
      const before = tf.memory().numTensors;
      await everything(made);
      const more = tf.memory().numTensors - before;
      demand(more === 0, "steps must leave no tensor behind", `one left ${more}`);
    }),
  );
});

/** Whichever call on the scope or the pass throws, no tensor is left. */
const leaksNothingOnThrow: Law<RegularizerSubject> = law("leaksNothingOnThrow", async (subject) => {
  const attempt = (onCall: (call: string) => void): Promise<unknown> =>
    withRegularizer(
      subject,
      (made) => {
        // Not under a gradient: where its function throws, tfjs itself leaves what the tape saved.
        tf.tidy(() => {
          made.penalty(testStep({ onCall }));
        });
      },
      { onCall },
    );
  let calls = 0;
  await attempt(() => calls++);
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
});

/** Nothing is drawn from Math.random, by tfjs neither. */
const usesNoMathRandom: Law<RegularizerSubject> = law("usesNoMathRandom", (subject) =>
  withoutMathRandom(async () => {
    await withRegularizer(subject, everything);
  }),
);

/** One plugin value in two trainers gives each what it would give one alone. */
const trainersShareNothing: Law<RegularizerSubject> = law(
  "trainersShareNothing",
  async (subject) => {
    const plugin = subject.make();
    const alone = await withRegularizer(subject, everything);
    await withRegularizer(
      subject,
      async (one) => {
        const first = await everything(one);
        const second = await withRegularizer(subject, everything, { plugin });
        const again = await everything(one);
        const same = [first, second, again].every((found) => sameValue(found, alone));
        demand(
          same,
          "one plugin value in two trainers must give each what it gives one alone",
          "it does not",
        );
      },
      { plugin },
    );
  },
);

/** Traced code reads no tensor's value. */
const readsNoValues: Law<RegularizerSubject> = law("readsNoValues", async (subject) => {
  await withRegularizer(subject, (made) => {
    const { prox } = made.part;
    tf.tidy(() => {
      withoutReads(() => made.penalty(testStep()));
      if (prox?.on === "elements") {
        withoutReads(() =>
          prox
            .select(made.model.parameters)
            .map(({ variable }) => prox.apply(variable, tf.scalar(0.1), testStep().pass([]))),
        );
      }
    });
  });
});

/** G of the first step is bit for bit that without the regularizer. */
const gradientOutsideJacobian: Law<RegularizerSubject> = law(
  "gradientOutsideJacobian",
  async (subject) => {
    const gramian = async (regularizers: readonly RegularizerPlugin[]): Promise<Matrix> => {
      let seen: Matrix = [];
      await withTrainer(
        {
          ...trainOn(subject),
          parts: () => ({ architecture: subject.architecture(), regularizers }),
        },
        (_, fitTo) => fitTo(1),
        {
          surgery: {
            kind: "surgery",
            name: "surgery-onlooker",
            contract: CONTRACT,
            create: () => ({
              mix: ({ gramian: g }) => {
                seen = g.map((row) => [...row]);
                return identityMatrix(g.length);
              },
            }),
          },
        },
      );
      return seen;
    };
    const [without, through] = [await gramian([]), await gramian([subject.make()])];
    // A compiled engine may add up the same rows in another order, where a penalty is in the same graph.
    const same = subject.engine
      ? gramianDistance(through, without) <= 1e-5
      : sameValue(through, without);
    demand(same, "a penalty must not enter the rows of J", "G differs");
  },
);

/** What `rejects` lists is refused, and errors carry codes, that for a single task too. */
const errorsCarryCodes: Law<RegularizerSubject> = law("errorsCarryCodes", async (subject) => {
  await checkRefusals(subject.rejects);
  const [name, task] = Object.entries(subject.tasks)[0];
  const made = await settle(() =>
    withRegularizer({ ...subject, tasks: { [name]: task } }, async (one) => {
      await penaltyAt(one, testStep(), [1]);
      await proxAt(one, 0.1);
    }),
  );
  if (!made.ok) checkCode(made.error);
});

const trainOn = ({
  tasks,
  seed,
  architecture,
  make,
  engine,
}: RegularizerSubject): TrainingSetup => ({
  tasks,
  seed,
  input: [6],
  engine,
  parts: () => ({ architecture: architecture(), regularizers: [make()] }),
});

/** What every regularizer must keep. */
export const regularizerObligations: readonly Law<RegularizerSubject>[] = [
  wellFormed,
  finiteEverywhere,
  deterministicGivenThePass,
  sameSeedSameResult,
  changesNothing,
  leaksNothing,
  leaksNothingOnThrow,
  usesNoMathRandom,
  trainersShareNothing,
  readsNoValues,
  gradientOutsideJacobian,
  errorsCarryCodes,
  law("trainsWithMissingLabels", (subject) => checkTraining(trainOn(subject))),
  law("resumesBitIdentically", (subject) => checkResuming(trainOn(subject))),
];

/** What every regularizer must keep besides, where an engine is given. */
export const regularizerEngineLaws: readonly Law<RegularizerSubject>[] = [agreesWithEager(trainOn)];
