import * as tf from "@tensorflow/tfjs";
import { seededRandom } from "@polytask/core";
import { type ArchitectureSubject, evaluate, withModel } from "./architecture.ts";
import { demand, law, type Law } from "./law.ts";
import { testStep } from "./pass.ts";
import { sameValue } from "./plugin-laws.ts";

type Claim = Law<ArchitectureSubject>;

/** Outside training an example's scores do not depend on the rest of its batch. */
export const rowsIndependent: Claim = law("rowsIndependent", async (subject) => {
  await withModel(subject, async (made) => {
    const step = testStep<string>({ training: false });
    const whole = await evaluate(made, step, { batch: 5 });
    const first = await evaluate(made, step, { batch: 1 });
    for (const [name, values] of Object.entries(first)) {
      const close = values.every(
        (value, i) => Math.abs(value - whole[name][i]) <= subject.tolerance * (1 + Math.abs(value)),
      );
      demand(
        close,
        "a row's scores must not depend on the rest of the batch",
        `those of "${name}" do`,
      );
    }
  });
});

/** Initial values come from the scope's streams: two seeds start differently. */
export const startsFromTheSeed: Claim = law("startsFromTheSeed", async (subject) => {
  const start = (seed: number): Promise<unknown> =>
    withModel(
      subject,
      async (made) =>
        (await made.scope.save(made.scope.variables)).variables.map((values) => [...values]),
      { seed },
    );
  demand(
    !sameValue(await start(1), await start(2)),
    "two seeds must start differently",
    "they start alike",
  );
});

/**
 * The owners are those of the method: each entry gives the tasks of a parameter, or of all whose name begins with the
 * key and "/". Together with the obligation `ownershipExact` this fixes who reads what.
 */
export const ownersAre = (table: Readonly<Record<string, readonly string[]>>): Claim =>
  law("ownersAre", async (subject) => {
    await withModel(subject, ({ model }) => {
      for (const [key, tasks] of Object.entries(table)) {
        const found = model.parameters.filter(
          ({ name }) => name === key || name.startsWith(`${key}/`),
        );
        demand(found.length > 0, `there must be a parameter "${key}"`, () =>
          model.parameters.map(({ name }) => name).join(", "),
        );
        for (const parameter of found) {
          const same = sameValue([...parameter.tasks].toSorted(), [...tasks].toSorted());
          demand(
            same,
            `"${parameter.name}" must belong to ${tasks.join(", ")}`,
            `it belongs to ${parameter.tasks.join(", ")}`,
          );
        }
      }
    });
  });

/** The named activations are exposed, and each row of their last axis is a distribution: no entry below 0, sum 1. */
export const exposesDistributions = (...names: readonly string[]): Claim =>
  law("exposesDistributions", async (subject) => {
    await withModel(subject, async (made) => {
      const step = testStep<string>();
      const sums = tf.tidy(() => {
        made.scores(made.inputs(4, seededRandom(0)("inputs")), step);
        return names.map((name) => {
          const value = step.activations.get(name);
          demand(
            value !== undefined,
            `"${name}" must be exposed`,
            () => `exposed: ${[...step.activations.keys()].join(", ") || "none"}`,
          );
          return tf.stack([tf.min(value), tf.min(tf.sum(value, -1)), tf.max(tf.sum(value, -1))]);
        });
      });
      for (const [i, tensor] of sums.entries()) {
        const [least, low, high] = await tensor.data();
        tensor.dispose();
        const good = least >= 0 && Math.abs(low - 1) < 1e-5 && Math.abs(high - 1) < 1e-5;
        demand(
          good,
          `rows of "${names[i]}" must be distributions`,
          `least entry ${least}, sums from ${low} to ${high}`,
        );
      }
    });
  });
