import type { Block } from "@polytask/blocks";
import { PolytaskError, regression } from "@polytask/core";
import {
  expectAllClose,
  expectNoLeak,
  testScope,
  type TestScope,
  testStep,
  type TestStep,
  type TestStepOptions,
} from "@polytask/testkit";
import * as tf from "@tensorflow/tfjs";
import type { Tensor, Variable } from "@tensorflow/tfjs";

export type Name = "a" | "b" | "c";
export const all: readonly Name[] = ["a", "b", "c"];

/** Small numbers that look random and are the same everywhere. */
export const numbers = (size: number, seed = 1): number[] =>
  Array.from({ length: size }, (_, i) => Math.sin(12.9898 * (i + 1) + 78.233 * seed) * 1.5);

/** One pass over a block: what it returns and what it assigned, as plain numbers. */
export async function run(
  block: Block<Name>,
  x: Tensor,
  options: TestStepOptions = {},
): Promise<{ readonly y: number[]; readonly assigned: ReadonlyMap<Variable, readonly number[]> }> {
  const step = testStep<Name>(options);
  const kept = tf.tidy(() => ({ y: tf.clone(block.forward(x, step.pass(all))), ...values(step) }));
  const y = [...(await kept.y.data())];
  const assigned = new Map<Variable, number[]>();
  for (const [i, variable] of [...step.assigned.keys()].entries()) {
    assigned.set(variable, [...(await kept.assigned[i].data())]);
  }
  tf.dispose(kept);
  return { y, assigned };
}

const values = (step: TestStep<Name>): { assigned: Tensor[] } => ({
  assigned: [...step.assigned.values()].map((value) => tf.clone(value)),
});

/** Gradients of Σ weights·block(x) at the parameters and at x, as plain numbers in that order. */
export async function gradients(
  block: Block<Name>,
  x: Tensor,
  weights: readonly number[],
  options: TestStepOptions = {},
): Promise<number[][]> {
  const variables = block.parameters.map(({ variable }) => variable);
  const found = tf.tidy(() => {
    const input = tf.variable(x);
    const { grads } = tf.variableGrads(() => {
      const y = block.forward(input, testStep<Name>(options).pass(all));
      return tf.sum(tf.mul(y, tf.tensor([...weights], y.shape)));
    }, [...variables, input]);
    input.dispose();
    return [...variables, input].map(({ name }) => grads[name]);
  });
  const read = await Promise.all(found.map(async (gradient) => [...(await gradient.data())]));
  tf.dispose(found);
  return read;
}

/** Central differences of a float64 function at each of its arguments. */
export function differences(
  f: (...args: number[][]) => number,
  args: readonly number[][],
): number[][] {
  const h = 1e-5;
  return args.map((values, k) =>
    values.map((_, i) => {
      const at = (shift: number): number =>
        f(
          ...args.map((list, l) =>
            list.map((value, j) => (l === k && j === i ? value + shift : value)),
          ),
        );
      return (at(h) - at(-h)) / (2 * h);
    }),
  );
}

export const expectClose = (
  actual: readonly number[],
  expected: readonly number[],
  absolute = 2e-6,
): void => expectAllClose(actual, expected, { relative: 2e-5, absolute });

/** Sets a parameter to the given numbers. */
export function set(block: Block<Name>, leaf: string, list: readonly number[]): void {
  const found = [...block.parameters, ...(block.buffers ?? [])].find(({ name }) =>
    name.endsWith(`/${leaf}`),
  );
  if (!found) throw new Error(`no ${leaf}`);
  tf.tidy(() => {
    found.variable.assign(tf.tensor([...list], found.variable.shape));
  });
}

export const codeOf = (make: () => unknown): string => {
  try {
    make();
  } catch (error) {
    if (error instanceof PolytaskError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "nothing was thrown";
};

/** The tasks "a", "b" and "c" of these tests. */
export const tasks = { a: regression(), b: regression(), c: regression() };

/** Runs `body` in a scope of its own, which must leave no tensor. */
export const inScope = (body: (scope: TestScope<Name>) => void | Promise<void>): Promise<void> =>
  expectNoLeak(async () => {
    const scope = testScope(tasks);
    try {
      await body(scope);
    } finally {
      scope.dispose();
    }
  });
