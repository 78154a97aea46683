import type { OpaqueOptimizer } from "@polytask/core";
import { fromTfOptimizer } from "@polytask/optimizers";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { makeOpaque, testScope } from "./support.ts";

const KINDS: readonly (readonly [string, () => tf.Optimizer])[] = [
  ["sgd", () => tf.train.sgd(0.1)],
  ["momentum", () => tf.train.momentum(0.1, 0.9)],
  ["adam", () => tf.train.adam(0.1)],
  ["adagrad", () => tf.train.adagrad(0.1)],
  ["adadelta", () => tf.train.adadelta(0.1)],
  ["rmsprop", () => tf.train.rmsprop(0.1, 0.9, 0.5, 1e-7, true)],
];

const SHAPES = [[2], [2, 2], [1]];

/** Any fixed gradients will do; those of a parameter in `absent` are null. */
function gradients(
  variables: readonly tf.Variable[],
  step: number,
  absent: readonly number[] = [],
) {
  return variables.map((variable, i) => ({
    name: `parameter/${i}`,
    variable,
    gradient: absent.includes(i)
      ? null
      : tf.tensor(
          Array.from({ length: variable.size }, (_, j) => Math.sin(1 + step + 3 * i + 7 * j)),
          variable.shape,
        ),
  }));
}

const makeVariables = (): tf.Variable[] =>
  SHAPES.map((shape) => tf.tidy(() => tf.variable(tf.ones(shape))));

function apply(
  optimizer: OpaqueOptimizer,
  variables: readonly tf.Variable[],
  step: number,
  absent?: readonly number[],
): void {
  tf.tidy(() => {
    optimizer.apply(gradients(variables, step, absent));
  });
}

const read = async (variables: readonly tf.Tensor[]): Promise<number[][]> =>
  Promise.all(variables.map(async (variable) => Array.from(await variable.data())));

/** What a checkpoint holds, as float32 like the core's. */
const save = async (optimizer: OpaqueOptimizer) =>
  Promise.all(
    ((await optimizer.tensors?.()) ?? []).map(async ({ name, tensor }) => ({
      name,
      shape: tensor.shape,
      values: Float32Array.from(await tensor.data()),
    })),
  );

async function restore(
  optimizer: OpaqueOptimizer,
  saved: Awaited<ReturnType<typeof save>>,
): Promise<void> {
  const tensors = saved.map(({ name, shape, values }) => ({
    name,
    tensor: tf.tensor(values, shape, "float32"),
  }));
  await optimizer.restoreTensors?.(tensors);
  tf.dispose(tensors.map(({ tensor }) => tensor));
}

describe.each(KINDS)("fromTfOptimizer with %s", (name, make) => {
  it("does what the optimizer does by itself", async () => {
    const scope = testScope();
    const wrapped = await makeOpaque(fromTfOptimizer(make), scope);
    const mine = makeVariables();
    const theirs = makeVariables();
    const direct = make();
    for (let step = 0; step < 4; step++) {
      apply(wrapped, mine, step);
      tf.tidy(() => {
        direct.applyGradients(
          gradients(theirs, step).map(({ variable, gradient }) => ({
            name: variable.name,
            tensor: gradient ?? tf.scalar(NaN),
          })),
        );
      });
    }
    expect(await read(mine)).toEqual(await read(theirs));
    expect((await read(mine))[0]).not.toEqual([1, 1]);
    expect(wrapped.rate(0)).toBe(0.1);
  });

  it("leaves a parameter without a gradient alone, and its slots", async () => {
    const scope = testScope();
    const optimizer = await makeOpaque(fromTfOptimizer(make), scope);
    const variables = makeVariables();
    apply(optimizer, variables, 0);
    const before = { values: await read(variables), saved: await save(optimizer) };
    apply(optimizer, variables, 1, [1]);
    const after = { values: await read(variables), saved: await save(optimizer) };
    expect(after.values[1]).toEqual(before.values[1]);
    expect(after.values[0]).not.toEqual(before.values[0]);
    expect(after.values[2]).not.toEqual(before.values[2]);
    // The slots of the parameter that was absent are the only ones of shape [2, 2].
    const slots = ({ saved }: typeof after) => saved.filter(({ shape }) => shape.length === 2);
    expect(slots(after)).toEqual(slots(before));
    if (name !== "sgd") expect(slots(after).length).toBeGreaterThan(0);
  });

  it("survives an absence in its first step", async () => {
    const optimizer = await makeOpaque(fromTfOptimizer(make), testScope());
    const variables = makeVariables();
    apply(optimizer, variables, 0, [0]);
    apply(optimizer, variables, 1);
    const values = await read(variables);
    expect(values.flat().every(Number.isFinite)).toBe(true);
    expect(values[0]).not.toEqual([1, 1]);
  });

  // By step 20 the products of betas that tf recomputes as powers differ in their last bit from the real ones.
  it.each([0, 1, 20])("goes on bit for bit after a restore at step %d", async (at) => {
    const uninterrupted = await makeOpaque(fromTfOptimizer(make), testScope());
    const variables = makeVariables();
    for (let step = 0; step < at; step++)
      apply(uninterrupted, variables, step, step === 2 ? [1] : []);
    const saved = await save(uninterrupted);
    const state = uninterrupted.state?.() ?? null;
    const copies = variables.map((variable) => tf.tidy(() => tf.variable(tf.clone(variable))));

    const resumed = await makeOpaque(fromTfOptimizer(make), testScope());
    apply(resumed, makeVariables(), 3); // what it had learnt before must be gone
    resumed.restore?.(state);
    await restore(resumed, saved);
    expect(await save(resumed)).toEqual(saved);

    for (let step = at; step < at + 8; step++) {
      apply(uninterrupted, variables, step, step === at + 1 ? [2] : []);
      apply(resumed, copies, step, step === at + 1 ? [2] : []);
    }
    expect(await read(copies)).toEqual(await read(variables));
    expect(await save(resumed)).toEqual(await save(uninterrupted));
  });

  it("leaves no tensor behind", async () => {
    const before = tf.memory().numTensors;
    const scope = testScope();
    const optimizer = await makeOpaque(fromTfOptimizer(make), scope);
    const variables = makeVariables();
    apply(optimizer, variables, 0);
    const running = tf.memory().numTensors;
    apply(optimizer, variables, 1);
    const saved = await save(optimizer);
    await restore(optimizer, saved);
    await save(optimizer);
    expect(tf.memory().numTensors).toBe(running);
    scope.dispose();
    tf.dispose(variables);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("fromTfOptimizer refuses", () => {
  const wire = (make: () => tf.Optimizer) => makeOpaque(fromTfOptimizer(make), testScope());

  it("an optimizer in place of a function", () => {
    const optimizer = tf.train.sgd(0.1);
    // @ts-expect-error: one optimizer object would be shared by every trainer
    expect(() => fromTfOptimizer(optimizer)).toThrow("POLYTASK_OPTION");
    optimizer.dispose();
  });

  it("a function that makes something else", async () => {
    // @ts-expect-error: not an optimizer
    await expect(wire(() => ({}))).rejects.toThrow("tf.train optimizer");
    // @ts-expect-error: nothing at all
    await expect(wire(() => undefined)).rejects.toThrow("tf.train optimizer");
  });

  it("the same optimizer for a second trainer", async () => {
    const optimizer = tf.train.adam(0.1);
    const shared = (): tf.Optimizer => optimizer;
    await wire(shared);
    await expect(wire(shared)).rejects.toThrow("a new optimizer at every call");
    await expect(
      makeOpaque(
        fromTfOptimizer(() => optimizer),
        testScope(),
      ),
    ).rejects.toThrow("POLYTASK_OPTION");
  });

  it("an optimizer that cannot be saved, and leaks none of it", async () => {
    const before = tf.memory().numTensors;
    await expect(wire(() => tf.train.adamax(0.1))).rejects.toThrow("can be saved");
    expect(tf.memory().numTensors).toBe(before);
  });

  it("an optimizer without a learning rate", async () => {
    const before = tf.memory().numTensors;
    const nameless = (): tf.Optimizer =>
      Object.assign(tf.train.sgd(0.1), { getConfig: () => ({}) });
    await expect(wire(nameless)).rejects.toThrow("learningRate");
    expect(tf.memory().numTensors).toBe(before);
  });

  it("another optimizer's state, and keeps its own", async () => {
    const adam = await makeOpaque(
      fromTfOptimizer(() => tf.train.adam(0.1)),
      testScope(),
    );
    const variables = makeVariables();
    apply(adam, variables, 0);
    const own = await save(adam);
    const tensors = tf.memory().numTensors;
    expect(() => adam.restore?.("Momentum")).toThrow("POLYTASK_STATE");
    await expect(restore(adam, [])).rejects.toThrow("POLYTASK_STATE");
    await expect(
      restore(
        adam,
        own.filter(({ name }) => !name.startsWith("field/")),
      ),
    ).rejects.toThrow("accBeta1");
    expect(await save(adam)).toEqual(own);
    // The tensors that the failed calls were given are theirs to dispose, two lists of them here.
    expect(tf.memory().numTensors).toBe(tensors + own.length - 2);
  });

  it("a limit that limits nothing", () => {
    expect(() => fromTfOptimizer(() => tf.train.sgd(0.1), { clip: { norm: 0 } })).toThrow(
      "POLYTASK_OPTION",
    );
  });
});

it("hands its limits to the engine", async () => {
  const plugin = fromTfOptimizer(() => tf.train.sgd(0.1), { clip: { norm: 2 } });
  expect((await makeOpaque(plugin, testScope())).clip).toEqual({ norm: 2 });
});
