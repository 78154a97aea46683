import { useBackend } from "@polytask/backend";
import {
  CONTRACT,
  createTrainer,
  input,
  type ObserverPlugin,
  regression,
  seededRandom,
  sgd,
  type StepReport,
} from "@polytask/core";
import {
  changesAfterFirstStep,
  describeWeighting,
  detachedFromLosses,
  expectAllClose,
  expectNoLeak,
  favoursSlowTasks,
  ignoresAbsentTasks,
  linearModel,
  matchesWeights,
  prepareWeighting,
  startsEqual,
  weightsArePositive,
  type WeightingStep,
  weightsSumToTaskCount,
} from "@polytask/testkit";
import { gradNorm, type GradNormOptions } from "@polytask/weighting-gradnorm";
import { beforeAll, describe, expect, it } from "vitest";

/**
 * Worked out by hand for α = 1 and rate 0.1; n are the norms of raw gradients, L(0) = (2, 1, 4).
 *
 * 0: G = (1, 2, 3), r = 1, targets 2: signs −, 0, +; w′ = (1.1, 1, 0.7), times 3/2.8.
 * 1: L/L(0) = (½, 1, ¼), r = (6, 12, 3)/7; G = (2.357, 1.071, 0.75), mean 1.393; targets (1.194, 2.388, 0.597): +, −, +.
 * 2: without b: L/L(0) = (½, ¾), r = (0.8, 1.2); G = (1.048, 1.393), mean 1.221; targets (0.977, 1.465): +, −; w′ = (0.948469,
 *    0.896429), times the 1.744898 that a and c had, over 1.844898.
 * 3: L/L(0) = (½, ½, ¼), r = (1.2, 1.2, 0.6); G = w, mean 1; targets r: −, +, +; w′ = (0.997059, 1.155102, 0.747839), times 3/2.9.
 */
const byHand: readonly (WeightingStep & { readonly weights: readonly number[] })[] = [
  { losses: [2, 1, 4], lastSharedNorms: [1, 2, 3], weights: [1, 1, 1] },
  { losses: [1, 1, 1], lastSharedNorms: [2, 1, 1], weights: [1.1785714, 1.0714286, 0.75] },
  {
    losses: [1, 1, 3],
    lastSharedNorms: [1, 0, 2],
    present: [true, false, true],
    weights: [1.0484694, 0, 0.6964286],
  },
  { losses: [1, 0.5, 1], lastSharedNorms: [1, 1, 1], weights: [0.897059, 1.255102, 0.847839] },
  { losses: [1, 1, 1], weights: [1.0314403, 1.1949331, 0.7736265] },
];

describeWeighting(() => gradNorm(), {
  claims: [
    startsEqual,
    weightsSumToTaskCount,
    weightsArePositive,
    changesAfterFirstStep,
    ignoresAbsentTasks,
    detachedFromLosses,
    favoursSlowTasks,
  ],
  rejects: [
    () => gradNorm({ alpha: -1 }),
    () => gradNorm({ alpha: NaN }),
    () => gradNorm({ learningRate: 0 }),
    () => gradNorm<string>({ initialLosses: { a: 0 } }),
    () => gradNorm<string>({ initialLosses: { a: NaN } }),
  ],
});

describeWeighting(() => gradNorm({ alpha: 1, learningRate: 0.1 }), {
  claims: [weightsSumToTaskCount, matchesWeights([{ steps: byHand }], { relative: 1e-6 })],
});

/** Effective weights of every step. */
const run = async (
  steps: readonly WeightingStep[],
  options: GradNormOptions = {},
): Promise<readonly (readonly number[])[]> => {
  const weighting = await prepareWeighting(gradNorm<string>(options));
  try {
    const found: (readonly number[])[] = [];
    for (const step of steps) found.push((await weighting.step(step)).weights);
    return found;
  } finally {
    weighting.dispose();
  }
};

/**
 * One step of w as the paper has it, without the closed form: targets first, as constants; then the derivative of
 * Σ|w_k·n_k − target_k| by central differences; then Σw restored.
 */
function byDifferences(
  weights: readonly number[],
  norms: readonly number[],
  progress: readonly number[],
  alpha: number,
  rate: number,
): number[] {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const average = mean(weights.map((w, k) => w * norms[k]));
  const targets = progress.map((l) => average * (l / mean(progress)) ** alpha);
  const loss = (w: readonly number[]) =>
    w.reduce((sum, value, k) => sum + Math.abs(value * norms[k] - targets[k]), 0);
  const h = 1e-7;
  const moved = weights.map((w, k) => {
    const at = (value: number) => loss(weights.with(k, value));
    return w - (rate * (at(w + h) - at(w - h))) / (2 * h);
  });
  return moved.map((w) => (w * mean(weights)) / mean(moved));
}

it("descends L_grad with its targets held constant, for random norms and losses", async () => {
  const random = seededRandom(5)("steps");
  const positive = () => Math.exp(random.normal());
  for (const alpha of [0, 0.12, 1.5, 3]) {
    const rate = 0.01;
    const steps = Array.from({ length: 20 }, () => ({
      losses: [positive(), positive(), positive()],
      lastSharedNorms: [positive(), positive(), positive()],
    }));
    const found = await run(steps, { alpha, learningRate: rate });
    let expected = [1, 1, 1];
    steps.forEach(({ losses, lastSharedNorms }, t) => {
      expectAllClose(found[t], expected, { relative: 1e-5 });
      const progress = losses.map((loss, k) => loss / steps[0].losses[k]);
      expected = byDifferences(expected, lastSharedNorms, progress, alpha, rate);
    });
  }
});

describe("at the edges", () => {
  const even = { losses: [1, 1, 1], lastSharedNorms: [1, 1, 1] };

  it("a step beyond 0 leaves the weight positive and the sum restored; the task recovers", async () => {
    const huge = { losses: [1, 1, 1], lastSharedNorms: [500, 1, 1] };
    const small = { losses: [1, 1, 1], lastSharedNorms: [1, 1, 1] };
    const [, after, later] = await run([huge, small, small], { alpha: 0 });
    expect(after[0]).toBeGreaterThan(0);
    expect(after[0]).toBeLessThan(1e-5);
    expectAllClose(
      after.reduce((a, b) => a + b, 0),
      3,
      { relative: 1e-6 },
    );
    expect(later[0]).toBeGreaterThan(0.02);
  });

  it("a first loss of exactly 0 waits for one that is not: until then the task keeps its weight", async () => {
    const late = [
      { losses: [0, 1, 2], lastSharedNorms: [0, 1, 2] },
      { losses: [4, 1, 2], lastSharedNorms: [1, 1, 1] },
      { losses: [2, 1, 2], lastSharedNorms: [1, 1, 1] },
      even,
    ];
    const found = await run(late, { alpha: 1, learningRate: 0.1 });
    // 0: b and c alone: G = (1, 2), targets 1.5; w′ = (1.1, 0.8), times 2/1.9.
    expectAllClose(found[1], [1, 2.2 / 1.9, 1.6 / 1.9], { relative: 1e-6 });
    // 1: L_a(0) = 4, r = 1, targets 1: 0, −, +.
    const moved = [1, 2.2 / 1.9 - 0.1, 1.6 / 1.9 + 0.1];
    expectAllClose(found[2], moved, { relative: 1e-6 });
    // 2: L/L(0) = (½, 1, 1), r = (0.6, 1.2, 1.2), targets r: +, +, +: scaling back undoes nothing but the proportions.
    const third = [
      moved[0] - 0.1 * Math.sign(moved[0] - 0.6),
      moved[1] - 0.1 * Math.sign(moved[1] - 1.2),
      moved[2] - 0.1 * Math.sign(moved[2] - 1.2),
    ];
    const scale = 3 / third.reduce((a, b) => a + b, 0);
    expectAllClose(
      found[3],
      third.map((w) => w * scale),
      { relative: 1e-6 },
    );
  });

  it("all losses at 0, or all gradients, move nothing", async () => {
    const done = { losses: [0, 0, 0], lastSharedNorms: [1, 1, 1] };
    const flat = { losses: [1, 1, 1], lastSharedNorms: [0, 0, 0] };
    for (const weights of await run([even, done, flat, even])) expectAllClose(weights, [1, 1, 1]);
  });

  it("a task alone in a step keeps its weight", async () => {
    const alone = { ...even, lastSharedNorms: [9, 1, 1], present: [true, false, false] };
    const [, , after] = await run([byHand[0], alone, even], { alpha: 1, learningRate: 0.1 });
    expectAllClose(after, byHand[1].weights, { relative: 1e-6 });
  });

  it("takes L(0) from the options where it is given", async () => {
    const [, after] = await run(byHand, {
      alpha: 1,
      learningRate: 0.1,
      initialLosses: { a: 2, b: 0.125 },
    });
    // L/L(0) = (1, 8, 1), r = (0.3, 2.4, 0.3), targets 2r: +, −, +; w′ = (0.9, 1.2, 0.7), times 3/2.8.
    expectAllClose(after, [2.7 / 2.8, 3.6 / 2.8, 2.1 / 2.8], { relative: 1e-6 });
  });

  it("refuses a negative loss, by task", async () => {
    const negative = { losses: [1, -1, 1], lastSharedNorms: [1, 1, 1] };
    await expect(run([even, negative])).rejects.toMatchObject({
      code: "POLYTASK_DATA",
      found: 'task "b" had -1',
    });
  });
});

describe.each(["cpu", "wasm"] as const)("in a trainer on %s", (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  const x = [1, -0.5, 2, 1, 0.5, -1];
  const labels = {
    a: [3, 1, -2, 0.5, null, 1],
    b: [null, -4, 6, null, 5, -7], // absent in the first and the fourth step
  };
  const names = ["a", "b"] as const;
  const rate = 0.05;
  const alpha = 1.5;
  const learningRate = 0.05;

  it("balances raw norms at the last shared layer, as worked out in float64", async () => {
    await expectNoLeak(async () => {
      const reports: StepReport<"a" | "b">[] = [];
      const watch: ObserverPlugin<"a" | "b"> = {
        kind: "observer",
        name: "observer-watch",
        contract: CONTRACT,
        create: () => ({ step: (report) => void reports.push(report) }),
      };
      await using trainer = await createTrainer(
        { a: regression(), b: regression() },
        {
          encoder: input([1]),
          architecture: linearModel({ shared: [0.2] }),
          weighting: gradNorm({ alpha, learningRate }),
          optimizer: sgd({ learningRate: rate }),
          observers: [watch],
        },
      );
      let shared = 0.2;
      const own = { a: 0, b: 0 };
      const weights = { a: 1, b: 1 };
      const first: { a?: number; b?: number } = {};
      for (let step = 0; step < x.length; step++) {
        await trainer.fit({ inputs: x, labels }, { steps: step + 1, batchSize: 1, shuffle: false });
        const present = names.filter((name) => labels[name][step] !== null);
        const losses: number[] = [];
        const slopes: number[] = [];
        for (const name of present) {
          const error = x[step] * (shared + own[name]) - Number(labels[name][step]);
          losses.push(error ** 2);
          slopes.push(2 * error * x[step]);
          first[name] ??= error ** 2;
          expectAllClose(reports[step].weights[name] ?? NaN, weights[name], { relative: 1e-5 });
          expectAllClose(
            reports[step].lastSharedNorms?.[name] ?? NaN,
            Math.abs(slopes.at(-1) ?? NaN),
            {
              relative: 1e-5,
            },
          );
        }
        shared -= rate * present.reduce((sum, name, k) => sum + weights[name] * slopes[k], 0);
        present.forEach((name, k) => (own[name] -= rate * weights[name] * slopes[k]));
        const moved = byDifferences(
          present.map((name) => weights[name]),
          slopes.map(Math.abs),
          present.map((name, k) => losses[k] / (first[name] ?? NaN)),
          alpha,
          learningRate,
        );
        if (present.length > 1) present.forEach((name, k) => (weights[name] = moved[k]));

        const { variables } = await trainer.state();
        expectAllClose(variables["architecture/shared/kernel"].values, [shared], {
          relative: 2e-5,
        });
        expectAllClose(variables["architecture/own/b/kernel"].values, [own.b], { relative: 2e-5 });
      }
      expect(weights.a).not.toBeCloseTo(1, 2);
      expectAllClose(weights.a + weights.b, 2);
    });
  });

  it("refuses a single task, an unknown one, and a model without a shared layer", async () => {
    const one = createTrainer(
      { a: regression() },
      { encoder: input([1]), architecture: linearModel({ shared: [0] }), weighting: gradNorm() },
    );
    await expect(one).rejects.toMatchObject({ code: "POLYTASK_TOO_FEW_TASKS" });

    const tasks = { a: regression(), b: regression() };
    const unknown = createTrainer(tasks, {
      encoder: input([1]),
      architecture: linearModel({ shared: [0] }),
      weighting: gradNorm({ initialLosses: { z: 1 } as object }),
    });
    await expect(unknown).rejects.toMatchObject({ code: "POLYTASK_UNKNOWN_TASK" });

    const architecture = linearModel<"a" | "b">({ shared: [0] });
    const apart = createTrainer(tasks, {
      encoder: input([1]),
      architecture: {
        ...architecture,
        create: async (scope) => ({ ...(await architecture.create(scope)), lastShared: [] }),
      },
      weighting: gradNorm(),
    });
    await expect(apart).rejects.toMatchObject({ code: "POLYTASK_NEED" });
  });
});

it("exports these names", async () => {
  expect(Object.keys(await import("@polytask/weighting-gradnorm"))).toEqual(["gradNorm"]);
});
