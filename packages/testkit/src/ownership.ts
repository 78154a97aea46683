import * as tf from "@tensorflow/tfjs";
import { seededRandom } from "@polytask/core";
import { type ArchitectureSubject, lossOf, withModel } from "./architecture.ts";
import { demand, law, type Law } from "./law.ts";
import { testStep } from "./pass.ts";
import { sameValue } from "./plugin-laws.ts";

/**
 * A parameter's `tasks` are exactly those whose loss depends on it: ∂L_j/∂v ≠ 0 for some of several random batches, at
 * several random values of the parameters. Too few would lose gradients under surgery; too many would let surgery touch
 * what one task owns.
 */
export const ownershipExact: Law<ArchitectureSubject> = law("ownershipExact", async (subject) => {
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
