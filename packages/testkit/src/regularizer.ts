import * as tf from "@tensorflow/tfjs";
import type { Scalar, Tensor } from "@tensorflow/tfjs";
import {
  type ArchitecturePlugin,
  CONTRACT,
  identityMatrix,
  type Matrix,
  type Model,
  type Parameter,
  type PerTask,
  type Random,
  type Regularizer,
  type RegularizerPlugin,
  seededRandom,
  type Task,
} from "@polytask/core";
import { withoutMathRandom, withoutReads } from "./guards.ts";
import { demand, law, type Law } from "./law.ts";
import { expectNoLeak, settle } from "./leak.ts";
import { testStep, type TestStep } from "./pass.ts";
import { plainModel } from "./plain-model.ts";
import {
  checkCode,
  checkListed,
  checkParameters,
  checkPlugin,
  checkRefusals,
  sameValue,
} from "./plugin-laws.ts";
import { sampleTasks, testScope, type TestScope } from "./scope.ts";
import { checkResuming, checkTraining, type TrainingSetup, withTrainer } from "./training.ts";

/** What laws of regularizers are checked on. */
export interface RegularizerSubject {
  /** Makes the regularizer afresh. */
  readonly make: () => RegularizerPlugin;
  /** The model whose parameters, activations and scores it sees; reads [6]. Default: `plainModel`. */
  readonly architecture: () => ArchitecturePlugin;
  /** Default: `sampleTasks`. */
  readonly tasks: PerTask<string, Task>;
  readonly seed: number;
  /** Relative. Default 1e-4. */
  readonly tolerance: number;
  /** Calls of the plugin's factory, or of anything else of its package, that must be refused. */
  readonly rejects: readonly (() => unknown)[];
}

export const regularizerSubject = (
  make: () => RegularizerPlugin,
  options: Partial<Omit<RegularizerSubject, "make">> = {},
): RegularizerSubject => ({
  architecture: plainModel,
  tasks: sampleTasks,
  seed: 0,
  tolerance: 1e-4,
  rejects: [],
  ...options,
  make,
});

export interface MadeRegularizer {
  readonly scope: TestScope;
  readonly model: Model;
  readonly part: Regularizer;
  /** Variables that the regularizer made. */
  readonly own: readonly tf.Variable[];
  /** The penalty on a forward pass of eight examples, in a tidy; undefined where there is none. */
  readonly penalty: (step: TestStep, present?: readonly number[]) => Scalar | undefined;
  /** Sets every parameter to random values of the given size, none within 0.2 of 0 at size 1. */
  readonly spread: (scale: number, random: Random) => void;
}

/** Makes the regularizer and its model, runs `body`, and frees both. */
export async function withRegularizer<Result>(
  subject: RegularizerSubject,
  body: (made: MadeRegularizer) => Result | Promise<Result>,
  options: { readonly plugin?: RegularizerPlugin; readonly onCall?: (call: string) => void } = {},
): Promise<Result> {
  const { plugin = subject.make(), onCall } = options;
  const scope = testScope(subject.tasks, { seed: subject.seed, ...(onCall && { onCall }) });
  try {
    const model = await subject.architecture().create(scope);
    const before = scope.variables.length;
    const part = await plugin.create({ ...scope, parameters: model.parameters });
    const penalty: MadeRegularizer["penalty"] = (step, present = scope.tasks.map(() => 1)) => {
      const random = seededRandom(7)("inputs");
      const inputs = tf.tensor2d(
        Float32Array.from({ length: 48 }, () => random.normal()),
        [8, 6],
      );
      const pass = step.pass(scope.tasks);
      const outputs = model.forward(inputs, pass);
      const result = part.penalty?.({
        parameters: model.parameters,
        activations: Object.fromEntries(step.activations),
        outputs,
        columns: { input: inputs },
        present: tf.tensor1d([...present]),
        pass,
      });
      demand(
        result === undefined || result.rank === 0,
        "a penalty must be a scalar",
        () => `got shape [${result?.shape.join()}]`,
      );
      return result;
    };
    const spread: MadeRegularizer["spread"] = (scale, random) => {
      for (const { variable } of model.parameters) {
        const values = Float32Array.from({ length: variable.size }, () => {
          const x = random.normal();
          return scale * (x + 0.2 * Math.sign(x));
        });
        tf.tidy(() => {
          variable.assign(tf.tensor(values, variable.shape));
        });
      }
    };
    return await body({ scope, model, part, own: scope.variables.slice(before), penalty, spread });
  } finally {
    scope.dispose();
  }
}

/** The penalty and its gradient at all parameters, as numbers. */
export async function penaltyAt(
  made: MadeRegularizer,
  step: TestStep = testStep(),
  present?: readonly number[],
): Promise<{ readonly value: number; readonly gradient: readonly number[] } | undefined> {
  const variables = [...made.model.parameters, ...(made.part.variables ?? [])].map(
    ({ variable }) => variable,
  );
  if (!made.part.penalty) return undefined;
  const result = tf.tidy(() => {
    // The zero keeps a penalty that touches none of them on the tape.
    const anchor = (): Scalar => tf.mul(0, tf.sum(variables[0])).asScalar();
    const { value, grads } = tf.variableGrads(
      () => tf.add(made.penalty(step, present) ?? 0, anchor()).asScalar(),
      variables,
    );
    const flat = variables.map((v) =>
      tf.reshape(v.name in grads ? grads[v.name] : tf.zerosLike(v), [-1]),
    );
    return tf.concat([tf.reshape(value, [1]), ...flat]);
  });
  const [value, ...gradient] = await result.data();
  result.dispose();
  return { value, gradient };
}

/** The proximal step on its own, at a rate: new values of every parameter that it moves, by name. */
export async function proxAt(
  made: MadeRegularizer,
  rate: number,
): Promise<Readonly<Record<string, readonly number[]>>> {
  const { prox } = made.part;
  const { parameters } = made.model;
  const moved: Record<string, readonly number[]> = {};
  const valuesOf = async (variable: Tensor): Promise<number[]> => Array.from(await variable.data());
  if (prox?.on === "elements") {
    for (const { name, variable } of prox.select(parameters)) {
      const value = tf.tidy(() => prox.apply(variable, tf.scalar(rate)));
      demand(
        value.shape.join() === variable.shape.join(),
        "prox must keep the shape",
        () => `"${name}": [${value.shape.join()}]`,
      );
      moved[name] = await valuesOf(value);
      value.dispose();
    }
  }
  if (prox?.on === "gramian") {
    for (const group of prox.groups(parameters)) {
      const columns = await Promise.all(group.map(({ variable }) => valuesOf(variable)));
      const matrix = prox.apply(gramianOf(columns), rate);
      const square =
        matrix.length === group.length && matrix.every((row) => row.length === group.length);
      demand(
        square && matrix.flat().every(Number.isFinite),
        `prox must return ${group.length}×${group.length} finite numbers`,
        () => JSON.stringify(matrix),
      );
      group.forEach(({ name }, k) => {
        moved[name] = columns[0].map((_, i) =>
          columns.reduce((sum, column, j) => sum + column[i] * matrix[j][k], 0),
        );
      });
    }
  }
  return moved;
}

/** Groups of parameters that a proximal step treats together. */
export const proxGroups = ({
  part: { prox },
  model,
}: MadeRegularizer): readonly (readonly Parameter[])[] =>
  prox?.on === "gramian"
    ? prox.groups(model.parameters)
    : (prox?.select(model.parameters) ?? []).map((p) => [p]);

const gramianOf = (columns: Matrix): number[][] =>
  columns.map((a) => columns.map((b) => a.reduce((sum, x, i) => sum + x * b[i], 0)));

const everything = async (made: MadeRegularizer): Promise<unknown> => [
  await penaltyAt(made),
  await proxAt(made, 0.1),
];

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

const sameSeedSameResult: Law<RegularizerSubject> = law("sameSeedSameResult", async (subject) => {
  const [one, two] = [
    await withRegularizer(subject, everything),
    await withRegularizer(subject, everything),
  ];
  demand(sameValue(one, two), "two regularizers of one seed must be bit-identical", "they differ");
});

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

const usesNoMathRandom: Law<RegularizerSubject> = law("usesNoMathRandom", (subject) =>
  withoutMathRandom(async () => {
    await withRegularizer(subject, everything);
  }),
);

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

const readsNoValues: Law<RegularizerSubject> = law("readsNoValues", async (subject) => {
  await withRegularizer(subject, (made) => {
    const { prox } = made.part;
    tf.tidy(() => {
      withoutReads(() => made.penalty(testStep()));
      if (prox?.on === "elements") {
        withoutReads(() =>
          prox
            .select(made.model.parameters)
            .map(({ variable }) => prox.apply(variable, tf.scalar(0.1))),
        );
      }
    });
  });
});

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
    demand(sameValue(through, without), "a penalty must not enter the rows of J", "G differs");
  },
);

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

const trainOn = ({ tasks, seed, architecture, make }: RegularizerSubject): TrainingSetup => ({
  tasks,
  seed,
  input: [6],
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
