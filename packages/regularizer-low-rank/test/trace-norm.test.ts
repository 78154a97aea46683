import { useBackend } from "@polytask/backend";
import { createTrainer, input, regression, seededRandom, sgd } from "@polytask/core";
import { traceNorm, type TraceNormOptions } from "@polytask/regularizer-low-rank";
import {
  describeRegularizer,
  expectAllClose,
  expectNoLeak,
  gradientMatchesFiniteDifference,
  homogeneousOfDegree,
  linearModel,
  nonNegative,
  type ParameterValues,
  penaltyIs,
  proxMatchesDefinition,
  proxRestsAtRateZero,
  rotationOf,
  testScope,
  testStep,
  zeroAtZero,
} from "@polytask/testkit";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { singularValues } from "./singular-values.ts";

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Σσ over the groups of the kit's model: three kernels of the towers, two heads of one shape. */
const ofModel = (parameters: readonly ParameterValues[]): number => {
  const kernels = (role: string, size: number) =>
    parameters.flatMap((p) => (p.role === role && p.values.length === size ? [p.values] : []));
  return sum([
    ...singularValues(kernels("tower/kernel", 20)),
    ...singularValues(kernels("head/kernel", 4)),
  ]);
};

const bad = [-1, NaN, Infinity].map((strength) => () => traceNorm({ strength }));

describe("as a proximal step", () => {
  describeRegularizer(() => traceNorm({ strength: 0.7 }), {
    claims: [
      proxRestsAtRateZero,
      proxMatchesDefinition((columns) => 0.7 * sum(singularValues(columns))),
    ],
    rejects: bad,
  });
});

describe("as a penalty", () => {
  describeRegularizer(() => traceNorm({ strength: 0.7, prox: false }), {
    claims: [
      zeroAtZero,
      nonNegative,
      homogeneousOfDegree(1),
      gradientMatchesFiniteDifference,
      penaltyIs((parameters) => 0.7 * ofModel(parameters)),
    ],
    rejects: bad,
  });
});

type Names = "a" | "b";
const rate = 0.1;

/** Steps on inputs of 0, where whatever moves a kernel is the regularizer. b may be left without labels. */
const run = async (
  own: { readonly a: readonly number[]; readonly b: readonly number[] },
  options: TraceNormOptions,
  steps: number,
  absent = false,
): Promise<readonly Float32Array[]> => {
  await using trainer = await createTrainer(
    { a: regression(), b: regression() },
    {
      encoder: input([own.a.length]),
      architecture: linearModel<Names>({ shared: own.a.map(() => 0), own, bias: 1 }),
      optimizer: sgd({ learningRate: rate }),
      regularizers: [traceNorm(options)],
    },
  );
  await trainer.fit(
    { inputs: [own.a.map(() => 0)], labels: { a: [1], b: [absent ? null : 1] } },
    { steps, batchSize: 1 },
  );
  const { variables } = await trainer.state();
  return ["a", "b"].map((name) => variables[`architecture/own/${name}/kernel`].values);
};

/** U·diag(σ)·Vᵀ as two columns, U the first two rows of a rotation of four dimensions. */
const withSingularValues = (sigma: readonly number[]): { a: number[]; b: number[] } => {
  const u = rotationOf(4, 1);
  const [c, s] = [0.6, 0.8];
  return {
    a: u[0].map((_, i) => c * sigma[0] * u[0][i] - s * sigma[1] * u[1][i]),
    b: u[0].map((_, i) => s * sigma[0] * u[0][i] + c * sigma[1] * u[1][i]),
  };
};

describe.each(["cpu", "wasm"] as const)("in a trainer on %s", (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it("the step shortens orthogonal columns by rate·λ each, to exactly 0", async () => {
    await expectNoLeak(async () => {
      const own = { a: [2, 0, 0], b: [0, 0.75, 0] };
      expectAllClose(await run(own, { strength: 5 }, 1), [[1.5, 0, 0], [0, 0.25, 0]]); // prettier-ignore
      const [a, b] = await run(own, { strength: 5 }, 2);
      expectAllClose(a, [1, 0, 0]);
      expect([...b]).toEqual([0, 0, 0]);
    });
  });

  it("the step takes rate·λ off singular values and leaves singular vectors", async () => {
    const before = withSingularValues([3, 1]);
    for (const [steps, sigma] of [
      [1, [2.5, 0.5]],
      [2, [2, 0]],
      [3, [1.5, 0]],
      [6, [0, 0]],
    ] as const) {
      const { a, b } = withSingularValues(sigma);
      expectAllClose(await run(before, { strength: 5 }, steps), [a, b], {
        relative: 0,
        absolute: 2e-6,
      });
    }
  });

  it("a scheduled strength is another after the first step", async () => {
    const own = { a: [2, 0, 0], b: [0, 0.75, 0] };
    // Step by step rate·λ = 0.5, 0, 0.25.
    const strength = ({ step }: { readonly step: number }) => [5, 0, 2.5][step];
    expectAllClose(await run(own, { strength }, 2), [[1.5, 0, 0], [0, 0.25, 0]]); // prettier-ignore
    expectAllClose(await run(own, { strength }, 3), [[1.25, 0, 0], [0, 0, 0]], { absolute: 1e-7 }); // prettier-ignore
    const penalised = await run(own, { strength, prox: false }, 3);
    expectAllClose(penalised, [[1.25, 0, 0], [0, 0, 0]], { relative: 0, absolute: 2e-3 }); // prettier-ignore
  });

  it("the gradient is λ·UVᵀ: singular values shrink as under the step, until they are small", async () => {
    await expectNoLeak(async () => {
      const before = withSingularValues([3, 1]);
      for (const [steps, sigma] of [
        [1, [2.5, 0.5]],
        [3, [2.8, 0.8]],
      ] as const) {
        const strength = steps === 1 ? 5 : 2 / 3;
        const { a, b } = withSingularValues(sigma);
        const found = await run(before, { strength, prox: false }, steps);
        expectAllClose(found, [a, b], { relative: 0, absolute: 2e-5 });
      }
    });
  });

  it("equal columns are one singular value, √2 times as long; either way they stay equal", async () => {
    const w = [3, 4];
    // rate·λ = 0.5 off √2·5; by the gradient the same, along w/(√2·5).
    const expected = w.map((x) => x * (1 - 0.5 / (Math.SQRT2 * 5)));
    for (const prox of [true, false]) {
      const found = await run({ a: w, b: w }, { strength: 5, prox }, 1);
      expectAllClose(found, [expected, expected], { relative: 1e-5 });
    }
  });

  it("an absent task's column stays, and the step sees the others alone", async () => {
    const own = { a: [2, 0], b: [3, 1] };
    const [a, b] = await run(own, { strength: 5 }, 1, true);
    expectAllClose(a, [1.5, 0]);
    expectAllClose(b, own.b);
    const [, still] = await run(own, { strength: 5, prox: false }, 1, true);
    expectAllClose(still, own.b);
  });
});

describe("the penalty on its own", () => {
  /** Value and gradients of λ = 1 at the given columns. */
  const at = async (columns: readonly tf.Tensor[]) => {
    const tasks = Object.fromEntries(columns.map((_, i) => [`t${i}`, regression()]));
    const scope = testScope(tasks);
    const parameters = columns.map((column, i) => ({
      name: `head/t${i}/kernel`,
      variable: scope.variable(() => tf.clone(column)),
      tasks: [`t${i}`],
      role: "head/kernel",
    }));
    const part = await traceNorm({ strength: 1, prox: false }).create({ ...scope, parameters });
    const found = tf.tidy(() => {
      const pass = testStep<string>().pass(scope.tasks);
      const rest = {
        activations: {},
        outputs: {},
        columns: {},
        present: tf.ones<tf.Rank.R1>([columns.length]),
      };
      const { value, grads } = tf.variableGrads(
        () => part.penalty?.({ parameters, pass, ...rest }) ?? tf.scalar(NaN),
        parameters.map(({ variable }) => variable),
      );
      return { value, gradients: tf.stack(parameters.map(({ variable }) => grads[variable.name])) };
    });
    const value = (await found.value.data())[0];
    const gradients = await found.gradients.data();
    tf.dispose([found.value, found.gradients]);
    scope.dispose();
    return { value, gradients };
  };
  const filled = (size: number, values: readonly number[]) =>
    tf.tidy(() => values.map((value) => tf.fill([size, 1], value)));

  it.each(["cpu", "wasm"] as const)(
    "stays bounded for columns of rank one, however long and however float32 rounds their products (%s)",
    async (backend) => {
      await useBackend(backend);
      await expectNoLeak(async () => {
        for (const size of backend === "cpu" ? [1000, 100_000] : [1000, 1_000_000]) {
          for (const values of [
            [0.7, 0.3],
            [1.1, -0.37],
            [0.1, 0.3, 0.7],
          ]) {
            const columns = filled(size, values);
            const { value, gradients } = await at(columns);
            tf.dispose(columns);
            const length = Math.hypot(...values);
            expectAllClose(value, length * Math.sqrt(size), { relative: 1e-3 });
            // UVᵀ of rank one: the values over their length, over √size.
            values.forEach((x, k) => {
              const expected = x / length / Math.sqrt(size);
              expect(Math.abs(gradients[k * size] - expected) * Math.sqrt(size)).toBeLessThan(1e-3);
            });
          }
        }
      });
    },
  );

  it("is 0 with gradient 0 at 0, and right at every size of number", async () => {
    await useBackend("cpu");
    for (const scale of [0, 1e-15, 1e-8, 1, 1e8, 1e15]) {
      const columns = [tf.tensor1d([3 * scale, 0]), tf.tensor1d([0, scale])];
      const { value, gradients } = await at(columns);
      tf.dispose(columns);
      expectAllClose(value, 4 * scale, { relative: 1e-4 });
      const one = scale === 0 ? 0 : 1;
      expectAllClose(gradients, [one, 0, 0, one], { absolute: 1e-4 });
    }
  });

  it("counts singular values below a thousandth of ‖W‖ for less, as documented: σ²/√(σ² + 1e-6·‖W‖²)", async () => {
    for (const sigma of [0.1, 0.01, 1e-3, 1e-4]) {
      const columns = [tf.tensor1d([1, 0]), tf.tensor1d([0, sigma])];
      const { value, gradients } = await at(columns);
      tf.dispose(columns);
      const smoothed = (s: number) => s / Math.sqrt(s * s + 1e-6 * (1 + sigma * sigma));
      expectAllClose(gradients, [smoothed(1), 0, 0, smoothed(sigma)], {
        absolute: 2e-3 * smoothed(sigma),
      });
      expectAllClose(value, smoothed(1) + sigma * smoothed(sigma), { relative: 1e-5 });
    }
  });
});

it("finds the common direction of noisy tasks: the other singular values become exactly 0", async () => {
  await useBackend("cpu");
  const random = seededRandom(11)("data");
  const draw = (n: number) => Array.from({ length: n }, () => random.normal());
  const x = Array.from({ length: 32 }, () => draw(4));
  const direction = [1, -1, 0.5, 2];
  const label = (factor: number) =>
    x.map(
      (row) => factor * sum(row.map((value, j) => value * direction[j])) + 0.5 * random.normal(),
    );
  const data = { inputs: x, labels: { a: label(1), b: label(-0.5), c: label(2) } };
  const ranks: number[] = [];
  for (const regularizers of [[], [traceNorm<"a" | "b" | "c">({ strength: 1 })]]) {
    await using trainer = await createTrainer(
      { a: regression(), b: regression(), c: regression() },
      {
        encoder: input([4]),
        architecture: linearModel({ shared: [0, 0, 0, 0], bias: 1 }),
        optimizer: sgd({ learningRate: 0.1 }),
        regularizers,
      },
    );
    await trainer.fit(data, { steps: 60, batchSize: 32 });
    const { variables } = await trainer.state();
    const columns = ["a", "b", "c"].map((name) =>
      Array.from(variables[`architecture/own/${name}/kernel`].values),
    );
    const sigma = singularValues(columns);
    ranks.push(sigma.filter((s) => s > 1e-5 * sigma[0]).length);
  }
  expect(ranks).toEqual([3, 1]);
});

describe("which parameters", () => {
  const wrong = (options: TraceNormOptions) =>
    expect(run({ a: [1], b: [1] }, options, 1)).rejects.toMatchObject({ code: "POLYTASK_NEED" });

  it("`roles` chooses among the pairs; biases only where they are named", async () => {
    const own = { a: [2, 0], b: [0, 1] };
    expectAllClose(await run(own, { strength: 5, roles: ["own/kernel"] }, 1), [[1.5, 0], [0, 0.5]]); // prettier-ignore
    expectAllClose(await run(own, { strength: 5, roles: ["own/bias"] }, 1), [own.a, own.b]);
  });

  it("a role that pairs nothing is an error, with the roles there are", async () => {
    await expectNoLeak(async () => {
      await wrong({ strength: 1, roles: ["tower/kernel"] });
      await wrong({ strength: 1, roles: ["own/kernel", "tower/kernel"], prox: false });
    });
  });

  it("a single task is refused", async () => {
    await expectNoLeak(() =>
      expect(
        createTrainer(
          { a: regression() },
          {
            encoder: input([1]),
            architecture: linearModel({ shared: [0], bias: 1 }),
            regularizers: [traceNorm({ strength: 1 })],
          },
        ),
      ).rejects.toMatchObject({ code: "POLYTASK_TOO_FEW_TASKS" }),
    );
  });
});

it("exports these names", async () => {
  expect(Object.keys(await import("@polytask/regularizer-low-rank"))).toEqual(["traceNorm"]);
});
