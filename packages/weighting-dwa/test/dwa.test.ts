import { useBackend } from "@polytask/backend";
import {
  CONTRACT,
  createTrainer,
  input,
  type ObserverPlugin,
  regression,
  sgd,
  type StepReport,
} from "@polytask/core";
import {
  changesAfterFirstStep,
  describeWeighting,
  detachedFromLosses,
  epochDriven,
  expectAllClose,
  expectNoLeak,
  favoursSlowTasks,
  ignoresAbsentTasks,
  linearModel,
  matchesWeights,
  prepareWeighting,
  startsEqual,
  weightsArePositive,
  weightsIgnoreLossScale,
  weightsSumToTaskCount,
} from "@polytask/testkit";
import { dwa } from "@polytask/weighting-dwa";
import { beforeAll, describe, expect, it } from "vitest";

const one = [1, 1, 1];
/** An epoch of one step. */
const epoch = (
  losses: readonly number[],
  weights: readonly number[],
  present = [true, true, true],
) => ({
  losses,
  weights,
  present,
  endsEpoch: true,
});
/** 3·softmax of (.9, .5, 1.1)/2 and of (1, 2, ½)/2, worked out apart. */
const second = [1.026026, 0.840039, 1.133934];
const softmax = (...ratios: readonly number[]): number[] => {
  const powers = ratios.map((ratio) => Math.exp(ratio / 2));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => (ratios.length * power) / sum);
};

describeWeighting(() => dwa(), {
  claims: [
    startsEqual,
    weightsSumToTaskCount,
    weightsArePositive,
    changesAfterFirstStep,
    ignoresAbsentTasks,
    detachedFromLosses,
    epochDriven,
    weightsIgnoreLossScale,
    favoursSlowTasks,
    matchesWeights(
      [
        {
          steps: [
            epoch([1, 2, 4], one),
            epoch([0.9, 1, 4.4], one), // two epochs of equal weights
            epoch([0.9, 2, 2.2], second), // ratios .9, .5, 1.1
            epoch([1, 1, 1], softmax(1, 2, 0.5)),
          ],
        },
        {
          // The mean of an epoch, not its last step: (1 + 3)/2 to (1 + 2)/2 is the ratio .75.
          steps: [
            { losses: [1, 1, 1], weights: one },
            { losses: [3, 3, 3], weights: one, endsEpoch: true },
            { losses: [1, 1, 2], weights: one },
            { losses: [2, 3, 2], weights: one, endsEpoch: true },
            { losses: [1, 1, 1], weights: softmax(0.75, 1, 1) },
          ],
        },
        {
          // b is absent for a whole epoch: it keeps its means, and catches up later; c has no label before the second.
          steps: [
            epoch([1, 2, 9], one, [true, true, false]),
            epoch([0.5, 9, 1], one, [true, false, true]),
            epoch([0.5, 1, 2], [1, 1, 1], [true, true, true]), // a alone has two means: K·softmax of one is 1
            epoch([1, 3, 2], softmax(1, 0.5, 2)),
          ],
        },
      ],
      { relative: 1e-6 },
    ),
  ],
  rejects: [
    () => dwa({ temperature: 0 }),
    () => dwa({ temperature: -1 }),
    () => dwa({ temperature: NaN }),
    () => dwa({ temperature: Infinity }),
  ],
});

describe("at the edges", () => {
  const weightsAfter = async (
    epochs: readonly (readonly number[])[],
    temperature = 2,
  ): Promise<readonly number[]> => {
    const run = await prepareWeighting(dwa({ temperature }));
    try {
      for (const losses of epochs) await run.step({ losses, endsEpoch: true });
      return (await run.step({ losses: [1, 1, 1] })).weights;
    } finally {
      run.dispose();
    }
  };

  it("a high temperature evens the weights out, a low one singles out the slowest task", async () => {
    const epochs = [one, [0.9, 0.5, 1.1]];
    expectAllClose(await weightsAfter(epochs, 1e6), one, { absolute: 1e-6 });
    expectAllClose(await weightsAfter(epochs, 1e-3), [0, 0, 3], { absolute: 1e-6 });
  });

  it("a loss that leaps by a factor of a million gives finite weights", async () => {
    expectAllClose(await weightsAfter([[1e-6, 1, 1], one]), [3, 0, 0], { absolute: 1e-6 });
  });

  it("a loss that was exactly 0 counts as one that stayed", async () => {
    expectAllClose(
      await weightsAfter([
        [0, 1, 1],
        [0.3, 0.5, 1],
      ]),
      softmax(1, 0.5, 1),
      {
        relative: 1e-6,
      },
    );
  });

  it("a negative mean loss is refused, by task", async () => {
    await expect(weightsAfter([[1, -1, 1]])).rejects.toMatchObject({ code: "POLYTASK_DATA" });
  });
});

describe.each(["cpu", "wasm"] as const)("in a trainer on %s", (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it("weighs by hand-computed epoch means, also after an epoch without a task", async () => {
    await expectNoLeak(async () => {
      const reports: StepReport<"a" | "b">[] = [];
      const watch: ObserverPlugin<"a" | "b"> = {
        kind: "observer",
        name: "observer-watch",
        contract: CONTRACT,
        create: () => ({ step: (report) => void reports.push(report) }),
      };
      const rate = 0.05;
      await using trainer = await createTrainer(
        { a: regression(), b: regression() },
        {
          encoder: input([1]),
          architecture: linearModel({ shared: [0.5] }),
          weighting: dwa(),
          optimizer: sgd({ learningRate: rate }),
          observers: [watch],
        },
      );
      // Two steps an epoch, of two examples each; b has one label in the first and two in the second.
      const x = [1, 1, 1, 1];
      const full = { a: [2, 1, 2, 3], b: [-1, null, 0, 1] };
      const without = { a: full.a, b: [null, null, null, null] };
      const epochs = [full, full, full, without, full, full];

      let shared = 0.5;
      const own = { a: 0, b: 0 };
      const means: { readonly a: number[]; readonly b: number[] } = { a: [], b: [] };
      const seen: number[][] = [];
      for (const [t, labels] of epochs.entries()) {
        const ratio = (name: "a" | "b"): number => {
          const [before, last] = means[name].slice(-2);
          return last / before;
        };
        const weights = t < 2 ? [1, 1] : softmax(ratio("a"), ratio("b"));
        seen.push(weights);
        const sums = { a: [0, 0], b: [0, 0] };
        for (const rows of [
          [0, 1],
          [2, 3],
        ]) {
          let total = 0;
          for (const [k, name] of (["a", "b"] as const).entries()) {
            const errors = rows.flatMap((i) => {
              const label = labels[name][i];
              return label === null ? [] : [x[i] * (shared + own[name]) - label];
            });
            if (errors.length === 0) continue;
            sums[name][0] += errors.reduce((sum, error) => sum + error ** 2, 0);
            sums[name][1] += errors.length;
            const slope = errors.reduce((sum, error) => sum + 2 * error, 0) / errors.length;
            total += weights[k] * slope;
            own[name] -= rate * weights[k] * slope;
          }
          shared -= rate * total;
        }
        for (const name of ["a", "b"] as const) {
          if (sums[name][1] > 0) means[name].push(sums[name][0] / sums[name][1]);
        }

        await trainer.fit({ inputs: x, labels }, { epochs: t + 1, batchSize: 2, shuffle: false });
        for (const { weights: found } of reports.slice(-2)) {
          expectAllClose(found.a ?? NaN, weights[0], { relative: 1e-5 });
          if (labels === full) expectAllClose(found.b ?? NaN, weights[1], { relative: 1e-5 });
        }
        const { variables } = await trainer.state();
        expectAllClose(variables["architecture/shared/kernel"].values, [shared], {
          relative: 2e-5,
        });
        expectAllClose(variables["architecture/own/b/kernel"].values, [own.b], { relative: 2e-5 });
      }
      // Equal weights in the first two epochs, new ones in each of the other four.
      expect(new Set(seen.map(String)).size).toBe(5);
    });
  });
});

it("exports these names", async () => {
  expect(Object.keys(await import("@polytask/weighting-dwa"))).toEqual(["dwa"]);
});
