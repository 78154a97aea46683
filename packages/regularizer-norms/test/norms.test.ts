import { useBackend } from "@polytask/backend";
import { createTrainer, identity, input, type Parts, regression, sgd } from "@polytask/core";
import { l1, l2 } from "@polytask/regularizer-norms";
import {
  changesAfterFirstPenalty,
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
  zeroAtZero,
} from "@polytask/testkit";
import { beforeAll, describe, expect, it } from "vitest";

/** Σ f(w) over all numbers of the parameters that are no biases. */
const total = (parameters: readonly ParameterValues[], f: (w: number) => number): number =>
  parameters
    .filter(({ name }) => !name.endsWith("bias"))
    .flatMap(({ values }) => values)
    .reduce((sum, w) => sum + f(w), 0);

describe("l1 as a penalty", () => {
  describeRegularizer(() => l1(0.3), {
    claims: [
      zeroAtZero,
      nonNegative,
      homogeneousOfDegree(1),
      gradientMatchesFiniteDifference,
      penaltyIs((parameters) => 0.3 * total(parameters, Math.abs)),
    ],
    rejects: [() => l1(-1), () => l1(NaN), () => l1({ strength: Infinity })],
  });
});

describe("l1 as a proximal step", () => {
  describeRegularizer(() => l1({ strength: 0.3, prox: true }), {
    claims: [
      proxRestsAtRateZero,
      proxMatchesDefinition((columns) =>
        columns.flat().reduce((sum, w) => sum + 0.3 * Math.abs(w), 0),
      ),
    ],
  });
});

describe("l2", () => {
  describeRegularizer(() => l2(0.3), {
    claims: [
      zeroAtZero,
      nonNegative,
      homogeneousOfDegree(2),
      gradientMatchesFiniteDifference,
      penaltyIs((parameters) => 0.3 * total(parameters, (w) => 0.5 * w * w)),
    ],
    rejects: [() => l2(-1), () => l2(NaN), () => l2({ strength: Infinity })],
  });
});

describe("l2 on a schedule", () => {
  describeRegularizer(() => l2(({ step, epoch }) => 1 / (1 + step) + epoch), {
    claims: [changesAfterFirstPenalty],
  });
});

type Names = "a" | "b";
const start = { shared: [1, -2, 0], own: { a: [0.5, 0, -0.25], b: [-1, 0.75, 2] } };
const rate = 0.1;

/** A trainer on inputs of 0: whatever moves a kernel is the regularizer. Two rows a batch; b may be left out. */
const withTrainer = async (
  parts: Pick<Parts<Names>, "regularizers" | "surgery">,
  body: (run: {
    /** Trains up to so many steps and reads the kernels: shared, a, b. */
    readonly to: (steps: number, absent?: boolean) => Promise<readonly Float32Array[]>;
    readonly biases: () => Promise<readonly number[]>;
    readonly accumulate: (steps: number) => Promise<readonly Float32Array[]>;
  }) => Promise<void>,
): Promise<void> => {
  await using trainer = await createTrainer(
    { a: regression(), b: regression() },
    {
      encoder: input([3]),
      architecture: linearModel({ ...start, bias: 1 }),
      optimizer: sgd({ learningRate: rate }),
      ...parts,
    },
  );
  const nothing = Array.from({ length: 4 }, () => [0, 0, 0]);
  const kernels = async () => {
    const { variables } = await trainer.state();
    return ["shared", "own/a", "own/b"].map(
      (name) => variables[`architecture/${name}/kernel`].values,
    );
  };
  await body({
    to: async (steps, absent = false) => {
      const labels = { a: [1, 1, 1, 1], b: absent ? [null, null, null, null] : [1, 1, 1, 1] };
      await trainer.fit({ inputs: nothing, labels }, { steps, batchSize: 2, shuffle: false });
      return kernels();
    },
    accumulate: async (steps) => {
      const sets = [{ a: [1, 1, 1, 1] }, { b: [1, 1, 1, 1] }];
      await trainer.fit(
        sets.map((labels) => ({ inputs: nothing, labels })),
        { steps, batchSize: 2, shuffle: false },
      );
      return kernels();
    },
    biases: async () => {
      const { variables } = await trainer.state();
      return ["a", "b"].map((name) => variables[`architecture/own/${name}/bias`].values[0]);
    },
  });
};

const all = [start.shared, start.own.a, start.own.b];
const map = (values: readonly (readonly number[])[], f: (w: number) => number): number[][] =>
  values.map((row) => row.map(f));
/** sign(w)·max(|w| − t, 0), case by case. */
const soft =
  (t: number) =>
  (w: number): number =>
    w > t ? w - t : w < -t ? w + t : 0;

describe.each(["cpu", "wasm"] as const)("in a trainer on %s", (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it("l2 multiplies kernels by 1 − rate·λ a step and leaves biases alone", async () => {
    await expectNoLeak(() =>
      withTrainer({ regularizers: [l2(0.5)] }, async ({ to, biases }) => {
        expectAllClose(
          await to(1),
          map(all, (w) => w * 0.95),
        );
        expectAllClose(
          await to(3),
          map(all, (w) => w * 0.95 ** 3),
        );
        expectAllClose(await biases(), [1, 1]);
      }),
    );
  });

  it("l1 moves weights by rate·λ towards 0, and lets those at 0 rest", async () => {
    await expectNoLeak(() =>
      withTrainer({ regularizers: [l1(0.5)] }, async ({ to }) => {
        // No start is so small that one step of 0.05 would carry it past 0.
        expectAllClose(
          await to(1),
          map(all, (w) => w - 0.05 * Math.sign(w)),
        );
        expectAllClose(
          await to(3),
          map(all, (w) => w - 0.15 * Math.sign(w)),
          { absolute: 1e-7 },
        );
      }),
    );
  });

  it("l1 with prox leaves exact zeros", async () => {
    await expectNoLeak(() =>
      withTrainer({ regularizers: [l1({ strength: 2, prox: true })] }, async ({ to }) => {
        expectAllClose(await to(1), map(all, soft(0.2)), { absolute: 1e-7 });
        const [, a] = await to(2);
        expect(a[2]).toBe(0); // −0.25 → −0.05 → 0
        expectAllClose(await to(5), map(all, soft(1)), { absolute: 1e-6 });
      }),
    );
  });

  it("a scheduled strength changes after the first step, by step and by epoch", async () => {
    const strengths = [1, 0.5, 0, 0.25];
    await withTrainer({ regularizers: [l2(({ step }) => strengths[step])] }, async ({ to }) => {
      let factor = 1;
      for (const [step, strength] of strengths.entries()) {
        factor *= 1 - rate * strength;
        expectAllClose(
          await to(step + 1),
          map(all, (w) => w * factor),
        );
      }
    });
    // The same by the soft threshold: |w| falls by rate·λ, λ of each step its own.
    const scheduled = l1<Names>({ strength: ({ step }) => strengths[step], prox: true });
    await withTrainer({ regularizers: [scheduled] }, async ({ to }) => {
      let threshold = 0;
      for (const [step, strength] of strengths.entries()) {
        threshold += rate * strength;
        expectAllClose(await to(step + 1), map(all, soft(threshold)), { absolute: 1e-6 });
      }
    });
    // Two steps an epoch: λ = 1, 1, then 2, 2.
    await withTrainer({ regularizers: [l2(({ epoch }) => 1 + epoch)] }, async ({ to }) => {
      expectAllClose(
        await to(4),
        map(all, (w) => w * 0.9 ** 2 * 0.8 ** 2),
      );
    });
  });

  it("a schedule that leaves the numbers from 0 is refused in its step", async () => {
    await expectNoLeak(() =>
      withTrainer({ regularizers: [l2(({ step }) => 1 - 2 * step)] }, async ({ to }) => {
        await to(1);
        await expect(to(2)).rejects.toMatchObject({ code: "POLYTASK_OPTION" });
      }),
    );
  });
});

describe("whatever the step is made of", () => {
  it("an absent task's own kernel keeps its value", async () => {
    for (const regularizer of [l2<Names>(0.5), l1<Names>({ strength: 0.5, prox: true })]) {
      await withTrainer({ regularizers: [regularizer] }, async ({ to }) => {
        const [shared, a, b] = await to(3, true);
        expectAllClose(b, start.own.b);
        expect(Math.abs(shared[0])).toBeLessThan(0.9);
        expect(Math.abs(a[0])).toBeLessThan(0.45);
      });
    }
  });

  it("a surgery neither sees nor changes it", async () => {
    await withTrainer({ regularizers: [l2(0.5)], surgery: identity() }, async ({ to }) => {
      expectAllClose(
        await to(2),
        map(all, (w) => w * 0.95 ** 2),
      );
    });
  });

  it("it counts once a step, however many groups the step gathers", async () => {
    await withTrainer({ regularizers: [l2(0.5)] }, async ({ accumulate }) => {
      expectAllClose(
        await accumulate(2),
        map(all, (w) => w * 0.95 ** 2),
      );
    });
  });

  it("two of them add up", async () => {
    await withTrainer({ regularizers: [l2(0.5), l1(0.5)] }, async ({ to }) => {
      expectAllClose(
        await to(1),
        map(all, (w) => w * 0.95 - 0.05 * Math.sign(w)),
      );
    });
  });

  it("`select` chooses the parameters; one that chooses none is an error", async () => {
    const select = ({ name }: { readonly name: string }) => name === "shared/kernel";
    await withTrainer({ regularizers: [l2({ strength: 0.5, select })] }, async ({ to }) => {
      const [shared, a, b] = await to(1);
      expectAllClose(shared, [0.95, -1.9, 0]);
      expectAllClose([a, b], [start.own.a, start.own.b]);
    });
    for (const regularizer of [
      l2<Names>({ strength: 1, select: () => false }),
      l1<Names>({ strength: 1, select: () => false, prox: true }),
    ]) {
      await expectNoLeak(() =>
        expect(withTrainer({ regularizers: [regularizer] }, async () => {})).rejects.toMatchObject({
          code: "POLYTASK_OPTION",
        }),
      );
    }
  });
});

it("exports these names", async () => {
  expect(Object.keys(await import("@polytask/regularizer-norms")).sort()).toEqual(["l1", "l2"]);
});
