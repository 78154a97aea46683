import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import {
  type ArchitecturePlugin,
  type Inputs,
  type InputShape,
  isShape,
  type Model,
  type PerTask,
  type Random,
  seededRandom,
  type Task,
} from "@polytask/core";
import { withoutMathRandom, withoutReads } from "./guards.ts";
import { demand, law, type Law } from "./law.ts";
import { expectNoLeak, settle } from "./leak.ts";
import { testStep, type TestStep } from "./pass.ts";
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
import { sampleTasks, testScope, type TestScope } from "./scope.ts";
import {
  checkIdentitySurgery,
  checkResuming,
  checkTraining,
  drawLabel,
  type TrainingSetup,
} from "./training.ts";

/** What laws of architecture are checked on. */
export interface ArchitectureSubject {
  /** Makes the architecture afresh. */
  readonly make: () => ArchitecturePlugin;
  /** What it reads. Default [6]. */
  readonly input: InputShape;
  /** Default: `sampleTasks`. */
  readonly tasks: PerTask<string, Task>;
  readonly seed: number;
  /** Relative. Default 1e-4. */
  readonly tolerance: number;
  /** Draws one value of the input. Default: N(0, 1). */
  readonly draw: (random: Random) => number;
  /** Calls of the plugin's factory, or of anything else of its package, that must be refused. */
  readonly rejects: readonly (() => unknown)[];
}

export const architectureSubject = (
  make: () => ArchitecturePlugin,
  options: Partial<Omit<ArchitectureSubject, "make">> = {},
): ArchitectureSubject => ({
  input: [6],
  tasks: sampleTasks,
  seed: 0,
  tolerance: 1e-4,
  draw: (random) => random.normal(),
  rejects: [],
  ...options,
  make,
});

export interface MadeModel {
  readonly scope: TestScope;
  readonly model: Model;
  /** Inputs of `batch` examples; tensors of the tidy in which they are drawn. */
  readonly inputs: (batch: number, random: Random) => Inputs;
  /** Raw scores, checked to be there and of the right shape. */
  readonly scores: (
    inputs: Inputs,
    step: TestStep,
    tasks?: readonly string[],
  ) => Readonly<Record<string, Tensor>>;
}

/** Makes the model, runs `body`, and frees it. */
export async function withModel<Result>(
  subject: ArchitectureSubject,
  body: (made: MadeModel) => Result | Promise<Result>,
  options: {
    readonly plugin?: ArchitecturePlugin;
    readonly seed?: number;
    readonly tasks?: PerTask<string, Task>;
    readonly onCall?: (call: string) => void;
  } = {},
): Promise<Result> {
  const {
    plugin = subject.make(),
    seed = subject.seed,
    tasks = subject.tasks,
    onCall = () => undefined,
  } = options;
  const scope = testScope(tasks, { seed, inputs: subject.input, onCall });
  try {
    const model = await plugin.create(scope);
    const one = (shape: readonly number[], batch: number, random: Random): Tensor => {
      const size = shape.reduce((a, b) => a * b, batch);
      return tf.tensor(
        Float32Array.from({ length: size }, () => subject.draw(random)),
        [batch, ...shape],
      );
    };
    return await body({
      scope,
      model,
      inputs: (batch, random) =>
        isShape(subject.input)
          ? one(subject.input, batch, random)
          : Object.fromEntries(
              // A stream per column, so that a longer batch begins with the rows of a shorter one.
              Object.entries(subject.input).map(([name, shape]) => [
                name,
                one(shape, batch, seededRandom(random.integer(2 ** 31))(name)),
              ]),
            ),
      scores: (inputs, step, wanted = scope.tasks) => {
        const outputs = model.forward(inputs, step.pass(wanted));
        const batch = (inputs instanceof tf.Tensor ? inputs : Object.values(inputs)[0]).shape[0];
        return Object.fromEntries(
          wanted.map((name) => {
            const { units, labelShape } = tasks[name];
            const expected = [batch, ...labelShape, units].join();
            const found = outputs[name];
            demand(
              found !== undefined,
              `forward must return scores of every wanted task`,
              `none of "${name}"`,
            );
            demand(
              found.shape.join() === expected,
              `scores of "${name}" must have shape [${expected}]`,
              () => `got [${found.shape.join()}]`,
            );
            return [name, found];
          }),
        );
      },
    });
  } finally {
    scope.dispose();
  }
}

/** Values of the scores of one evaluation. */
export const evaluate = async (
  made: MadeModel,
  step: TestStep,
  options: {
    readonly batch?: number;
    readonly seed?: number;
    readonly tasks?: readonly string[];
  } = {},
): Promise<Readonly<Record<string, number[]>>> => {
  const { batch = 4, seed = 0, tasks } = options;
  const scores = tf.tidy(() =>
    made.scores(made.inputs(batch, seededRandom(seed)("inputs")), step, tasks),
  );
  const values: Record<string, number[]> = {};
  for (const [name, tensor] of Object.entries(scores))
    values[name] = Array.from(await tensor.data());
  tf.dispose(scores);
  return values;
};

const stepFrom = (seed: number, training = true): TestStep =>
  testStep({ noise: seededRandom(seed)("noise"), training });

/** The mean loss of a task on random labels, in a tidy. */
const lossOf = (
  made: MadeModel,
  name: string,
  inputs: Inputs,
  step: TestStep,
  random: Random,
): Tensor => {
  const task = made.scope.task(name);
  const scores = made.scores(inputs, step)[name];
  const shape = scores.shape.slice(0, -1);
  const labels = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () =>
    drawLabel(task, random),
  );
  return tf.mean(task.loss(scores, tf.tensor(labels, shape)));
};

const trainOn = (subject: ArchitectureSubject): TrainingSetup => ({
  tasks: subject.tasks,
  input: subject.input,
  seed: subject.seed,
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
      for (const variable of lastShared) {
        const owner = parameters.find((parameter) => parameter.variable === variable);
        demand(owner !== undefined, "lastShared must be made of parameters", "one is not listed");
        demand(
          owner.tasks.length > 1,
          "lastShared must belong to several tasks",
          `"${owner.name}" belongs to one`,
        );
      }
    },
    { plugin },
  );
});

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

const ownershipExact: Law<ArchitectureSubject> = law("ownershipExact", async (subject) => {
  const reached = new Map<string, Set<string>>();
  let declared: readonly { readonly name: string; readonly tasks: readonly string[] }[] = [];
  for (let round = 0; round < 2; round++) {
    await withModel(
      subject,
      async (made) => {
        const { parameters } = made.model;
        declared = parameters;
        const random = seededRandom(subject.seed + round)("ownership");
        // Off the start, where a kernel of zeros would hide what lies before it.
        for (const { variable } of parameters) {
          tf.tidy(() => {
            const noise = Float32Array.from({ length: variable.size }, () => 0.3 * random.normal());
            variable.assign(tf.add(variable, tf.tensor(noise, variable.shape)));
          });
        }
        for (const task of made.scope.tasks) {
          for (let batch = 0; batch < 2; batch++) {
            const sizes = tf.tidy(() => {
              const inputs = made.inputs(16, random);
              const step = testStep<string>({ noise: random });
              const variables = parameters.map(({ variable }) => variable);
              const { grads } = tf.variableGrads(
                () => lossOf(made, task, inputs, step, random).asScalar(),
                variables,
              );
              return tf.stack(
                variables.map(({ name }) =>
                  name in grads ? tf.max(tf.abs(grads[name])) : tf.scalar(0),
                ),
              );
            });
            const values = await sizes.data();
            sizes.dispose();
            const least = 1e-9 * Math.max(...values);
            parameters.forEach(({ name }, i) => {
              if (values[i] > least) reached.set(name, (reached.get(name) ?? new Set()).add(task));
            });
          }
        }
      },
      { seed: subject.seed + round },
    );
  }
  for (const { name, tasks } of declared) {
    const found = [...(reached.get(name) ?? [])].toSorted();
    const same = sameValue(found, [...tasks].toSorted());
    demand(
      same,
      `"${name}" must name the tasks whose loss depends on it: ${found.join(", ") || "none"}`,
      `it names ${tasks.join(", ")}`,
    );
  }
});

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

const usesNoMathRandom: Law<ArchitectureSubject> = law("usesNoMathRandom", (subject) =>
  withoutMathRandom(() =>
    withModel(subject, (made) => {
      exercise(made);
    }),
  ),
);

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
