import * as tf from "@tensorflow/tfjs";
import { type Matrix, type Parameter, seededRandom } from "@polytask/core";
import { expectAllClose } from "./close.ts";
import { compareGradient } from "./gradient.ts";
import { demand, law, type Law } from "./law.ts";
import { testStep } from "./pass.ts";
import {
  type MadeRegularizer,
  penaltyAt,
  proxAt,
  proxGroups,
  type RegularizerSubject,
  withRegularizer,
} from "./regularizer.ts";

type Claim = Law<RegularizerSubject>;

const randomOf = (subject: RegularizerSubject): ReturnType<ReturnType<typeof seededRandom>> =>
  seededRandom(subject.seed)("spread");

const valueOf = async (made: MadeRegularizer, step = testStep<string>()): Promise<number> => {
  const found = await penaltyAt(made, step);
  demand(found !== undefined, "the regularizer must have a penalty", "it has none");
  return found.value;
};

/** Nothing is penalised where all parameters are 0. */
export const zeroAtZero: Claim = law("zeroAtZero", async (subject) => {
  await withRegularizer(subject, async (made) => {
    made.spread(0, randomOf(subject));
    const value = await valueOf(made);
    demand(Math.abs(value) <= 1e-7, "the penalty of parameters 0 must be 0", `got ${value}`);
  });
});

/** The penalty is never below 0. */
export const nonNegative: Claim = law("nonNegative", async (subject) => {
  await withRegularizer(subject, async (made) => {
    const random = randomOf(subject);
    for (const scale of [0.01, 1, 100]) {
      made.spread(scale, random);
      const value = await valueOf(made);
      demand(
        value >= 0,
        "the penalty must not be negative",
        `got ${value} at parameters of size ${scale}`,
      );
    }
  });
});

/** R(s·θ) = s^degree·R(θ) for s > 0: 1 for norms, 2 for squares. */
export const homogeneousOfDegree = (degree: number): Claim =>
  law("homogeneousOfDegree", async (subject) => {
    await withRegularizer(subject, async (made) => {
      made.spread(1, randomOf(subject));
      const value = await valueOf(made);
      demand(value !== 0, "the penalty of random parameters must not be 0", "it is");
      for (const s of [0.1, 5]) {
        made.spread(s, randomOf(subject));
        expectAllClose(await valueOf(made), value * s ** degree, {
          relative: 10 * subject.tolerance,
        });
      }
    });
  });

/** ∇R is the gradient of R: tfjs's agrees with differences of the penalty's values, at points where it is smooth. */
export const gradientMatchesFiniteDifference: Claim = law(
  "gradientMatchesFiniteDifference",
  async (subject) => {
    await withRegularizer(subject, async (made) => {
      made.spread(1, randomOf(subject));
      const step = testStep<string>();
      const variables = made.model.parameters.map(({ variable }) => variable);
      const at = (await Promise.all(variables.map((variable) => variable.data()))).flatMap(
        (values) => [...values],
      );
      const start = await penaltyAt(made, step);
      demand(start !== undefined, "the regularizer must have a penalty", "it has none");
      const value = (x: readonly number[]): Promise<number> => {
        tf.tidy(() => {
          const parts = tf.split(
            tf.tensor1d([...x]),
            variables.map(({ size }) => size),
          );
          variables.forEach((variable, i) => {
            variable.assign(tf.reshape(parts[i], variable.shape));
          });
        });
        return valueOf(made, step);
      };
      await compareGradient(value, start.gradient.slice(0, at.length), at, { seed: subject.seed });
    });
  },
);

/** A parameter as numbers. */
export interface ParameterValues extends Omit<Parameter, "variable"> {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** The penalty is what a formula in float64, written apart from the plugin, makes of the parameters. */
export const penaltyIs = (formula: (parameters: readonly ParameterValues[]) => number): Claim =>
  law("penaltyIs", async (subject) => {
    await withRegularizer(subject, async (made) => {
      for (const scale of [0.1, 1, 10]) {
        made.spread(scale, randomOf(subject));
        const parameters = await Promise.all(
          made.model.parameters.map(async ({ variable, ...rest }) => ({
            ...rest,
            shape: variable.shape,
            values: Array.from(await variable.data()),
          })),
        );
        expectAllClose(await valueOf(made), formula(parameters), {
          relative: subject.tolerance,
          absolute: 1e-9,
        });
      }
    });
  });

/** The penalty's strength is not that of step one for ever: on the same parameters some later step gives another value. */
export const changesAfterFirstPenalty: Claim = law("changesAfterFirstPenalty", async (subject) => {
  await withRegularizer(subject, async (made) => {
    made.spread(1, randomOf(subject));
    const values: number[] = [];
    for (const step of [0, 1, 2, 10, 100, 1000]) {
      values.push(await valueOf(made, testStep({ at: { step, epoch: Math.floor(step / 3) } })));
    }
    demand(
      values.some((value) => value !== values[0]),
      "the penalty must change in the course of training",
      `it stayed ${values[0]}`,
    );
  });
});

/** The proximal step moves nothing at rate 0. */
export const proxRestsAtRateZero: Claim = law("proxRestsAtRateZero", async (subject) => {
  await withRegularizer(subject, async (made) => {
    made.spread(1, randomOf(subject));
    const moved = await proxAt(made, 0);
    for (const { name, variable } of made.model.parameters) {
      if (name in moved)
        expectAllClose(moved[name], Array.from(await variable.data()), {
          relative: subject.tolerance,
          absolute: subject.tolerance,
        });
    }
  });
});

/**
 * The proximal step is the penalty's own: prox(p) minimises ½‖x − p‖² + rate·R(x).
 *
 * `penalty` is R in float64, of the flattened parameters that one step treats together: one parameter, or the columns of a
 * group. Checked against points around prox(p), at several rates; for a convex R a local minimum is the minimum.
 */
export const proxMatchesDefinition = (penalty: (columns: Matrix) => number): Claim =>
  law("proxMatchesDefinition", async (subject) => {
    await withRegularizer(subject, async (made) => {
      const random = randomOf(subject);
      for (const rate of [0.01, 0.3, 3]) {
        made.spread(1, random);
        const moved = await proxAt(made, rate);
        const groups = proxGroups(made);
        demand(groups.length > 0, "the regularizer must have a proximal step", "it moves nothing");
        for (const group of groups) {
          const from = await Promise.all(
            group.map(async ({ variable }) => Array.from(await variable.data())),
          );
          const to = group.map(({ name }) => moved[name]);
          const objective = (x: Matrix): number =>
            0.5 *
              x.reduce(
                (sum, row, i) =>
                  sum + row.reduce((s, value, j) => s + (value - from[i][j]) ** 2, 0),
                0,
              ) +
            rate * penalty(x);
          const least = objective(to);
          const slack = subject.tolerance * (1e-3 + Math.abs(least));
          const around = function* (): Generator<Matrix> {
            yield from;
            yield to.map((row) => row.map(() => 0));
            for (const size of [1, 0.1, 0.01]) {
              for (let i = 0; i < 20; i++)
                yield to.map((row) => row.map((x) => x + size * random.normal()));
              yield to.map((row) => row.map((x) => x * (1 + size)));
              yield to.map((row) => row.map((x) => x * (1 - size)));
            }
          };
          for (const point of around()) {
            const value = objective(point);
            demand(
              least <= value + slack,
              `no point may be better than prox(p), ${least}`,
              () => `${group.map(({ name }) => name).join(", ")} at rate ${rate}: one has ${value}`,
            );
          }
        }
      }
    });
  });
