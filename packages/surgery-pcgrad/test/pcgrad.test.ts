import { readFileSync } from "node:fs";
import { useBackend } from "@polytask/backend";
import {
  createTrainer,
  input,
  multiply,
  regression,
  seededRandom,
  sgd,
  transpose,
} from "@polytask/core";
import { pcgrad, pcgradCoefficients } from "@polytask/surgery-pcgrad";
import {
  actsOnWholeVector,
  applySurgery,
  describeSurgery,
  expectAllClose,
  expectNoLeak,
  forTwoTasks,
  homogeneous,
  ignoresZeroRows,
  jacobianOf,
  keepsAgreeingGradients,
  linearModel,
  nonConflictingForTwoTasks,
  permutationEquivariantForTwoTasks,
  reachesExactly,
  samples,
  variesWithSeed,
} from "@polytask/testkit";
import { beforeAll, describe, expect, it } from "vitest";
import { dot, plus, squaredError } from "./squared-error.ts";
import { pcgradOnVectors } from "./vectors.ts";

/** Three tasks in mixed conflict; task 0 and 1, 1 and 2, and 0 and 2 all point apart. */
const three = [
  [2, 1, 0],
  [-1, 1.5, 1],
  [0.5, -2, 3],
];

/** For three tasks, every choice of orders. */
const allOrders = [0, 1, 2, 3, 4, 5, 6, 7].map((bits) =>
  [
    [1, 2],
    [0, 2],
    [0, 1],
  ].map((order, i) => ((bits >> i) & 1 ? order.toReversed() : order)),
);

/** Σ_i of row i of C·J. */
const combine = (
  jacobian: readonly (readonly number[])[],
  c: readonly (readonly number[])[],
): number[] => multiply(c, jacobian).reduce((sum, row) => plus(sum, row));

const gramianOf = (jacobian: readonly (readonly number[])[]): number[][] =>
  multiply(jacobian, transpose(jacobian));

describeSurgery(() => pcgrad(), {
  claims: [
    nonConflictingForTwoTasks,
    keepsAgreeingGradients,
    permutationEquivariantForTwoTasks,
    homogeneous,
    actsOnWholeVector,
    forTwoTasks(ignoresZeroRows),
    variesWithSeed,
    reachesExactly([
      { jacobian: three, results: allOrders.map((orders) => pcgradOnVectors(three, orders)) },
    ]),
  ],
  rejects: [() => pcgrad({ reduction: "max" as "sum" })],
});

describeSurgery(() => pcgrad({ reduction: "mean" }), { claims: [nonConflictingForTwoTasks] });

describe("reference values", () => {
  it("of two tasks: J = [[-4, 1, 1], [6, 1, 1]], TorchJD's base matrix", async () => {
    const jacobian = [
      [-4, 1, 1],
      [6, 1, 1],
    ];
    // By hand: c_01 = 22/38 and c_10 = 22/18, so w = (1 + 22/18, 1 + 22/38).
    const c = pcgradCoefficients(gramianOf(jacobian), [[1], [0]]);
    expectAllClose(c, [
      [1, 22 / 38],
      [22 / 18, 1],
    ]);
    expectAllClose(await applySurgery(pcgrad(), jacobian), [0.5848, 3.8012, 3.8012], {
      absolute: 5e-5,
    });
    const mean = await applySurgery(pcgrad({ reduction: "mean" }), jacobian);
    expectAllClose(mean, [0.2924, 1.9006, 1.9006], { absolute: 5e-5 });
  });

  it("of three tasks in ascending order, and the mean over all orders, worked out apart", () => {
    const gramian = gramianOf(three);
    const c = pcgradCoefficients(gramian, allOrders[0]);
    const weights = c.reduce((sum, row) => plus(sum, row));
    expectAllClose(weights, [1.3, 1.258824, 1.125194], { absolute: 5e-7 });
    expectAllClose(combine(three, c), [1.903774, 0.937847, 4.634406], { absolute: 5e-7 });

    const results = allOrders.map((orders) => combine(three, pcgradCoefficients(gramian, orders)));
    expect(new Set(results.map((g) => g.map((x) => x.toFixed(6)).join())).size).toBe(8);
    const mean = results.reduce((sum, g) => plus(sum, g, 1 / 8), [0, 0, 0]);
    expectAllClose(mean, [1.927414, 0.948502, 4.609101], { absolute: 5e-7 });
  });

  it("draws every order equally often, for every task by itself", async () => {
    const seeds = 3000;
    let mean = [0, 0, 0];
    for (let seed = 0; seed < seeds; seed++) {
      mean = plus(mean, await applySurgery(pcgrad(), three, { seed }), 1 / seeds);
    }
    // A coordinate's standard deviation over the eight results is at most 0.025: five standard errors.
    expectAllClose(mean, [1.927414, 0.948502, 4.609101], { relative: 0, absolute: 0.0025 });
  });

  const oracle = JSON.parse(
    readFileSync(new URL("aggregators.json", import.meta.url), "utf8"),
  ) as readonly {
    readonly name: string;
    readonly jacobian: readonly (readonly number[])[];
    readonly orders: readonly (readonly number[])[];
    readonly expected: readonly number[];
  }[];

  it.each(oracle)(
    "of an independent implementation: $name",
    async ({ name, jacobian, orders, expected }) => {
      const relative = name === "scales_4x30" ? 1e-4 : 1e-5;
      const size = Math.hypot(...expected);
      const close = (result: readonly number[]): void => {
        expect(Math.hypot(...plus(result, expected, -1)) / size).toBeLessThan(relative);
      };
      close(combine(jacobian, pcgradCoefficients(gramianOf(jacobian), orders)));
      if (jacobian.length === 2) {
        for (let seed = 0; seed < 10; seed++)
          close(await applySurgery(pcgrad(), jacobian, { seed }));
      }
    },
  );
});

describe("coefficients are exact", () => {
  it("the projection of vectors, for every sample and random orders", () => {
    const random = seededRandom(7)("orders");
    const jacobians = [
      ...samples().map(({ jacobian }) => jacobian),
      ...Array.from({ length: 100 }, (_, seed) =>
        jacobianOf({ rows: 2 + (seed % 6), columns: 1 + (seed % 9), seed }),
      ),
    ];
    for (const jacobian of jacobians) {
      // Without rows of zeros, which the printed algorithm would divide by.
      const rows = jacobian.filter((row) => row.some((x) => x !== 0));
      if (rows.length === 0) continue;
      const orders = rows.map((_, i) =>
        Array.from(random.permutation(rows.length)).filter((j) => j !== i),
      );
      const result = combine(rows, pcgradCoefficients(gramianOf(rows), orders));
      const sizes = rows.reduce((sum, row) => sum + Math.hypot(...row), 0);
      expectAllClose(result, pcgradOnVectors(rows, orders), {
        relative: 0,
        absolute: 1e-9 * sizes,
      });
    }
  });

  it("of a row of zeros nothing is subtracted", () => {
    const c = pcgradCoefficients(
      [
        [1, -1e-20],
        [-1e-20, 0],
      ],
      [[1], [0]],
    );
    expect(c[0]).toEqual([1, 0]);
    expect(c.flat().every(Number.isFinite)).toBe(true);
  });
});

describe.each(["cpu", "wasm"] as const)("in a trainer on %s", (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  // Two rows a step, one for each task: their gradients lie along the rows. In the second step b is absent.
  const x = [
    [1, 0.2],
    [-1, 0.5],
    [0.4, -0.3],
    [0.2, 1],
    [0.8, 0.6],
    [-0.9, 0.1],
  ];
  const labels = {
    a: [2, null, 1, -1, 2, null],
    b: [null, 1.5, null, null, null, 2],
  };
  const start = { shared: [0.1, -0.2], own: { a: [0.3, 0], b: [0, 0.1] } };
  const rate = 0.1;

  it("follows Algorithm 1 on the shared parameters and leaves own ones alone, also when a task is absent", async () => {
    await expectNoLeak(async () => {
      await using trainer = await createTrainer(
        { a: regression(), b: regression() },
        {
          encoder: input([2]),
          architecture: linearModel(start),
          surgery: pcgrad(),
          optimizer: sgd({ learningRate: rate }),
        },
      );
      let shared: readonly number[] = start.shared;
      let { a, b }: { a: readonly number[]; b: readonly number[] } = start.own;
      let conflicts = 0;
      for (const step of [0, 1, 2]) {
        const rows = [2 * step, 2 * step + 1];
        const at = (values: readonly (number | null)[]) => rows.map((i) => values[i]);
        const inputs = rows.map((i) => x[i]);
        const gA = squaredError(inputs, at(labels.a), plus(shared, a)).gradient;
        const gB =
          step === 1 ? undefined : squaredError(inputs, at(labels.b), plus(shared, b)).gradient;
        if (gB && dot(gA, gB) < 0) conflicts++;
        const combined = gB ? pcgradOnVectors([gA, gB], [[1], [0]]) : gA;
        shared = plus(shared, combined, -rate);
        a = plus(a, gA, -rate);
        if (gB) b = plus(b, gB, -rate);

        await trainer.fit({ inputs: x, labels }, { steps: step + 1, batchSize: 2, shuffle: false });
        const { variables } = await trainer.state();
        expectAllClose(variables["architecture/shared/kernel"].values, shared, { relative: 1e-5 });
        expectAllClose(variables["architecture/own/a/kernel"].values, a, { relative: 1e-5 });
        expectAllClose(variables["architecture/own/b/kernel"].values, b, { relative: 1e-5 });
      }
      expect(conflicts).toBe(2);
    });
  });

  it("goes on bit for bit after a restore, random orders included", async () => {
    const random = seededRandom(3)("data");
    const rows = 40;
    const column = (n: number) => Array.from({ length: n }, () => random.normal());
    const data = {
      inputs: Array.from({ length: rows }, () => column(3)),
      labels: { a: column(rows), b: column(rows), c: column(rows) },
    };
    const make = (seed: number) =>
      createTrainer(
        { a: regression(), b: regression(), c: regression() },
        {
          encoder: input([3]),
          architecture: linearModel({ shared: [0, 0, 0] }),
          surgery: pcgrad(),
        },
        { seed },
      );
    await using whole = await make(1);
    await using restored = await make(2);
    await whole.fit(data, { steps: 7, batchSize: 4 });
    await restored.restore(await whole.state());
    await whole.fit(data, { steps: 20, batchSize: 4 });
    await restored.fit(data, { steps: 20, batchSize: 4 });
    expect((await restored.state()).variables).toEqual((await whole.state()).variables);
  });

  it("refuses a single task", async () => {
    await expectNoLeak(() =>
      expect(
        createTrainer(
          { a: regression() },
          { encoder: input([2]), architecture: linearModel({ shared: [0, 0] }), surgery: pcgrad() },
        ),
      ).rejects.toMatchObject({ code: "POLYTASK_TOO_FEW_TASKS" }),
    );
  });
});

it("exports these names", async () => {
  expect(Object.keys(await import("@polytask/surgery-pcgrad")).sort()).toEqual([
    "pcgrad",
    "pcgradCoefficients",
  ]);
});
