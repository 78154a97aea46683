import type {
  ArchitecturePlugin,
  InputShape,
  Model,
  NamedVariable,
  Parameter,
  PerTask,
  Task,
} from "@polytask/core";
import { expectAllClose, expectNoLeak, testScope, testStep } from "@polytask/testkit";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import { expect } from "vitest";

/**
 * Dense networks in float64 and plain loops, written from the papers' formulas without tfjs, and a comparison of a model
 * with them: outputs, the gradient of every parameter (the reference's by central differences), and ownership.
 */

/** A matrix [rows, columns]. */
export type Rows = readonly (readonly number[])[];

/** A parameter's values, in row-major order. */
export type Weights = ReadonlyMap<string, Float64Array>;

export type Activate = (x: number) => number;

export const relu: Activate = (x) => Math.max(x, 0);
export const tanh: Activate = (x) => Math.tanh(x);
const linear: Activate = (x) => x;

const get = (weights: Weights, name: string): Float64Array => {
  const values = weights.get(name);
  if (values === undefined) throw new Error(`no "${name}" among ${[...weights.keys()].join(", ")}`);
  return values;
};

/** activation(x·W + b) with W [inputs, units] and an optional b [units], found by name. */
export function layer(weights: Weights, name: string, x: Rows, activation: Activate): Rows {
  const kernel = get(weights, `${name}/kernel`);
  const inputs = x[0].length;
  const units = kernel.length / inputs;
  const bias = weights.get(`${name}/bias`);
  return x.map((row) =>
    Array.from({ length: units }, (_, j) => {
      let sum = bias ? bias[j] : 0;
      for (let i = 0; i < inputs; i++) sum += row[i] * kernel[i * units + j];
      return activation(sum);
    }),
  );
}

/** Layers "<name>/0", "<name>/1", … as long as there are any. */
export function layers(weights: Weights, name: string, x: Rows, activation: Activate): Rows {
  let h = x;
  for (let l = 0; weights.has(`${name}/${l}/kernel`); l++) {
    h = layer(weights, `${name}/${l}`, h, activation);
  }
  return h;
}

/** Tower and head of a task. */
export const scores = (weights: Weights, task: string, x: Rows, activation: Activate): Rows =>
  layer(weights, `head/${task}`, layers(weights, `tower/${task}`, x, activation), linear);

/**
 * Expert e of a bank of `count`: its first kernel is W[e, j, i] of [count, units, inputs], later ones W[e, i, j] of
 * [count, inputs, units]; biases b[e, j].
 */
function expert(
  weights: Weights,
  name: string,
  { e, count, x, activation }: { e: number; count: number; x: Rows; activation: Activate },
): Rows {
  let h = x;
  for (let l = 0; weights.has(`${name}/${l}/kernel`); l++) {
    const kernel = get(weights, `${name}/${l}/kernel`);
    const bias = get(weights, `${name}/${l}/bias`);
    const inputs = h[0].length;
    const units = bias.length / count;
    const at = (i: number, j: number): number =>
      l === 0 ? kernel[(e * units + j) * inputs + i] : kernel[(e * inputs + i) * units + j];
    h = h.map((row) =>
      Array.from({ length: units }, (_, j) => {
        let sum = bias[e * units + j];
        for (let i = 0; i < inputs; i++) sum += row[i] * at(i, j);
        return activation(sum);
      }),
    );
  }
  return h;
}

/** All experts of a bank. */
export const bank = (
  weights: Weights,
  name: string,
  count: number,
  x: Rows,
  activation: Activate,
): readonly Rows[] =>
  Array.from({ length: count }, (_, e) => expert(weights, name, { e, count, x, activation }));

/** The weights of a bank of one expert as those of dense layers: its first kernel turned. */
export function ofOne(weights: Weights, name: string, inputs: number): Weights {
  const kernel = get(weights, `${name}/0/kernel`);
  const units = kernel.length / inputs;
  const turned = kernel.map((_, i) => kernel[(i % units) * inputs + Math.floor(i / units)]);
  return new Map(weights).set(`${name}/0/kernel`, turned);
}

/** softmax(x·W + b), row by row. */
export const gateOf = (weights: Weights, name: string, x: Rows): Rows =>
  layer(weights, name, x, linear).map((row) => {
    const exps = row.map((z) => Math.exp(z));
    const total = exps.reduce((a, b) => a + b);
    return exps.map((value) => value / total);
  });

/** Σ_e g[row, e]·v_e[row]. */
export const mix = (gate: Rows, values: readonly Rows[]): Rows =>
  gate.map((row, b) =>
    values[0][b].map((_, j) => row.reduce((sum, g, e) => sum + g * values[e][b][j], 0)),
  );

/** Known weights, of the size that networks start with: 0.6·sin, with another phase for every parameter. */
export function assignKnown(parameters: readonly NamedVariable[]): Map<string, Float64Array> {
  const weights = new Map<string, Float64Array>();
  parameters.forEach(({ name, variable }, p) => {
    // Rounded to float32, so that both sides compute with the same numbers.
    const values = Float32Array.from(
      { length: variable.size },
      (_, i) => 0.6 * Math.sin(1.7 * i + 2.3 * p + 0.4),
    );
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
    weights.set(name, Float64Array.from(values));
  });
  return weights;
}

export const example: Rows = [
  [0.5, -1.25, 2],
  [-0.75, 0.25, 1.5],
  [1, 0.875, -0.5],
  [-1.5, -0.625, 0.125],
];

/** A linear functional of scores, whose gradient tells parameters apart: Σ c[b, u]·y[b, u]. */
const cotangent = (b: number, u: number): number => Math.cos(3 * b + u + 1);

const functionalOf = (y: Rows): number =>
  y.reduce((sum, row, b) => sum + row.reduce((s, value, u) => s + value * cotangent(b, u), 0), 0);

const functionalOfTensor = (y: Tensor): Tensor => {
  const [batch, units] = y.shape;
  const c = Array.from({ length: batch }, (_, b) =>
    Array.from({ length: units }, (_, u) => cotangent(b, u)),
  );
  return tf.sum(tf.mul(y, tf.tensor2d(c, [batch, units])));
};

/** Central differences of each number that f gives, at the weights; error about 1e-10. */
export function differences(
  f: (weights: Weights) => readonly number[],
  weights: ReadonlyMap<string, Float64Array>,
): Map<string, number[]>[] {
  const h = 1e-5;
  const results = f(weights).map(() => new Map<string, number[]>());
  for (const [name, values] of weights) {
    const rows = Array.from(values, (value, i) => {
      values[i] = value + h;
      const above = f(weights);
      values[i] = value - h;
      const below = f(weights);
      values[i] = value;
      return above.map((number, k) => (number - below[k]) / (2 * h));
    });
    for (const [k, result] of results.entries()) {
      result.set(
        name,
        rows.map((row) => row[k]),
      );
    }
  }
  return results;
}

/** Scores of some tasks, and what was exposed on the way. */
export async function run<Name extends string>(
  model: Model<Name>,
  tasks: readonly Name[],
  x: Rows,
  training = false,
): Promise<{ scores: Map<string, number[][]>; exposed: Map<string, number[][]> }> {
  const step = testStep<Name>({ training });
  const kept = tf.tidy(() => {
    const outputs = model.forward(tf.tensor2d(x as number[][]), step.pass(tasks));
    expect(Object.keys(outputs)).toEqual([...tasks]);
    return {
      scores: outputs as Record<string, Tensor>,
      exposed: Object.fromEntries(step.activations),
    };
  });
  const read = async (tensors: Record<string, Tensor>): Promise<Map<string, number[][]>> => {
    const result = new Map<string, number[][]>();
    for (const [name, tensor] of Object.entries(tensors)) {
      result.set(name, (await tensor.array()) as number[][]);
    }
    return result;
  };
  const result = { scores: await read(kept.scores), exposed: await read(kept.exposed) };
  tf.dispose(kept);
  return result;
}

/** ∂(functional of one task's scores)/∂(every parameter); zeros where there is no path. */
async function gradients<Name extends string>(
  model: Model<Name>,
  task: Name,
  x: Rows,
): Promise<Map<string, number[]>> {
  const step = testStep<Name>({ training: false });
  const grads = tf.tidy(() => {
    const f = (): tf.Scalar => {
      const outputs = model.forward(tf.tensor2d(x as number[][]), step.pass([task]));
      return functionalOfTensor((outputs as Record<string, Tensor>)[task]).asScalar();
    };
    const found = tf.variableGrads(f).grads as Record<string, Tensor | null>;
    return Object.fromEntries(
      model.parameters.map(({ name, variable }) => [
        name,
        found[variable.name] ?? tf.zerosLike(variable),
      ]),
    );
  });
  const result = new Map<string, number[]>();
  for (const [name, gradient] of Object.entries(grads)) {
    result.set(name, Array.from(await gradient.data()));
  }
  tf.dispose(grads);
  return result;
}

/** Makes a model alone, hands it over, and frees it. */
export async function withModel<Name extends string>(
  tasks: PerTask<Name, Task>,
  plugin: ArchitecturePlugin<Name>,
  use: (model: Model<Name>) => void | Promise<void>,
  inputs: InputShape = [3],
): Promise<void> {
  await expectNoLeak(async () => {
    const scope = testScope(tasks, { inputs });
    try {
      await use(await plugin.create(scope));
    } finally {
      scope.dispose();
    }
  });
}

/**
 * Compares a model of known weights with a float64 reference: scores and gradients of every task within 1e-5, asked for
 * together and one by one; and ownership: a parameter names a task if and only if the reference's scores of that task
 * depend on it.
 */
export async function expectMatches<Name extends string>(
  tasks: PerTask<Name, Task>,
  plugin: ArchitecturePlugin<Name>,
  reference: (weights: Weights, x: Rows) => PerTask<Name, Rows>,
): Promise<void> {
  const names = Object.keys(tasks) as Name[];
  await withModel(tasks, plugin, async (model) => {
    const weights = assignKnown(model.parameters);
    const expected = reference(weights, example);
    const slopes = differences((w) => {
      const y = reference(w, example);
      return names.map((task) => functionalOf(y[task]));
    }, weights);
    const together = (await run(model, names, example)).scores;
    const near = { relative: 1e-5, absolute: 1e-5 };
    for (const [k, task] of names.entries()) {
      const alone = (await run(model, [task], example)).scores;
      expectAllClose(together.get(task) ?? [], expected[task], near);
      expectAllClose(alone.get(task) ?? [], expected[task], near);

      const found = await gradients(model, task, example);
      for (const { name, tasks: owners } of model.parameters) {
        const wanted = slopes[k].get(name) ?? [];
        expectAllClose(found.get(name) ?? [], wanted, near);
        const depends = wanted.some((slope) => Math.abs(slope) > 1e-7);
        expect({ name, task, owns: owners.includes(task) }).toEqual({ name, task, owns: depends });
      }
    }
  });
}

interface Listed {
  readonly parameters: readonly Parameter[];
}

/** Who owns what, by parameter. */
export const ownership = (model: Listed): Record<string, string> =>
  Object.fromEntries(model.parameters.map(({ name, tasks }) => [name, tasks.join(" ")]));

/** Shapes, by parameter. */
export const shapes = (model: Listed): Record<string, readonly number[]> =>
  Object.fromEntries(model.parameters.map(({ name, variable }) => [name, variable.shape]));

/** The code of the error that a call throws; undefined where it throws none. */
export async function codeOf(call: () => unknown): Promise<string | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

/** The error code of making a plugin's model for tasks and inputs; nothing is left behind. */
export const codeOfMaking = <Name extends string>(
  tasks: PerTask<Name, Task>,
  plugin: ArchitecturePlugin<Name>,
  inputs: InputShape = [3],
): Promise<string | undefined> => codeOf(() => withModel(tasks, plugin, () => undefined, inputs));
