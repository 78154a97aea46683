import * as tf from "@tensorflow/tfjs";
import type { Scalar, Tensor } from "@tensorflow/tfjs";
import {
  type ArchitecturePlugin,
  type EnginePlugin,
  type Matrix,
  type Model,
  type Parameter,
  type PerTask,
  type Random,
  type Regularizer,
  type RegularizerPlugin,
  seededRandom,
  type StepPlace,
  type Task,
} from "@polytask/core";
import { demand } from "./law.ts";
import { testStep, type TestStep } from "./pass.ts";
import { plainModel } from "./plain-model.ts";
import { sampleTasks, testScope, type TestScope } from "./scope.ts";

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
  /** Makes the engine that laws train with. Default: the eager one. */
  readonly engine?: () => EnginePlugin;
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
  at: StepPlace = { step: 0, epoch: 0 },
): Promise<Readonly<Record<string, readonly number[]>>> {
  const { prox } = made.part;
  const { parameters } = made.model;
  const moved: Record<string, readonly number[]> = {};
  const valuesOf = async (variable: Tensor): Promise<number[]> => Array.from(await variable.data());
  if (prox?.on === "elements") {
    for (const { name, variable } of prox.select(parameters)) {
      const value = tf.tidy(() => prox.apply(variable, tf.scalar(rate), testStep({ at }).pass([])));
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
      const matrix = prox.apply(gramianOf(columns), rate, at);
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
