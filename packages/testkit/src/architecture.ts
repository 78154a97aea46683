import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import {
  type ArchitecturePlugin,
  type EnginePlugin,
  type Inputs,
  type InputShape,
  isShape,
  type Model,
  type PerTask,
  type Random,
  seededRandom,
  type Task,
} from "@polytask/core";
import { demand } from "./law.ts";
import { testStep, type TestStep } from "./pass.ts";
import { sampleTasks, testScope, type TestScope } from "./scope.ts";
import { drawLabel } from "./training.ts";

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
  /** Makes the engine that laws train with. Default: the eager one. */
  readonly engine?: () => EnginePlugin;
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

/** A step whose noise has a seed. */
export const stepFrom = (seed: number, training = true): TestStep =>
  testStep({ noise: seededRandom(seed)("noise"), training });

/** The mean loss of a task on random labels, in a tidy. */
export const lossOf = (
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
