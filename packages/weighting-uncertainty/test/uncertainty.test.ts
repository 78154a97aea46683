import { useBackend } from "@polytask/backend";
import {
  binary,
  createTrainer,
  CONTRACT,
  input,
  type ObserverPlugin,
  type OptimizerPlugin,
  regression,
  sgd,
  type StepReport,
  type Task,
} from "@polytask/core";
import {
  changesAfterFirstStep,
  describeWeighting,
  expectAllClose,
  expectNoLeak,
  formByNoise,
  ignoresAbsentTasks,
  linearModel,
  prepareWeighting,
  variablesMoveByGradientAlone,
  weightsArePositive,
} from "@polytask/testkit";
import { uncertainty, type UncertaintyOptions } from "@polytask/weighting-uncertainty";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";

/** An absolute error: the likelihood behind it is a Laplace distribution. */
const absolute: Task = {
  ...regression(),
  noise: "laplace",
  loss: (scores, labels) => tf.abs(tf.sub(tf.squeeze(scores, [-1]), labels)),
};

describeWeighting(() => uncertainty(), {
  claims: [
    formByNoise,
    variablesMoveByGradientAlone,
    weightsArePositive,
    changesAfterFirstStep,
    ignoresAbsentTasks,
  ],
  rejects: [
    () => uncertainty({ initial: NaN }),
    () => uncertainty<string>({ initial: { a: Infinity } }),
  ],
});

describeWeighting(() => uncertainty<string>({ initial: { a: -0.5, b: 1 } }), {
  tasks: { a: regression(), b: absolute, c: binary() },
  claims: [formByNoise, ignoresAbsentTasks],
});

describe("reference values", () => {
  const weigh = async (
    tasks: Readonly<Record<string, Task>>,
    options: UncertaintyOptions,
    losses: readonly number[],
  ) => {
    const run = await prepareWeighting(uncertainty<string>(options), { tasks });
    try {
      return await run.step({ losses });
    } finally {
      run.dispose();
    }
  };
  const three = { a: regression(), b: regression(), c: regression() };
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

  it("of three regressions: Σ ½e^(−s)L + ½s, worked out apart", async () => {
    expectAllClose(sum((await weigh(three, {}, [1, 2, 4])).weighted), 3.5);
    const { weighted } = await weigh(three, { initial: { a: 0, b: 0.5, c: -1 } }, [1, 2, 4]);
    expectAllClose(sum(weighted), 6.293094, { absolute: 5e-7 });
  });

  it("of every kind of noise at s = log 4 and L = 2, by hand", async () => {
    const tasks = { a: regression(), b: absolute, c: binary() };
    const { weighted, weights } = await weigh(tasks, { initial: Math.log(4) }, [2, 2, 2]);
    // ½·¼·2 + ½·log 4, ¼·2 + log 4, ¼·2 + ½·log 4
    expectAllClose(weighted, [0.25 + Math.log(2), 0.5 + Math.log(4), 0.5 + Math.log(2)]);
    expectAllClose(weights, [1 / 8, 1 / 4, 1 / 4]);
  });
});

describe.each(["cpu", "wasm"] as const)("in a trainer on %s", (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  const rate = 0.1;
  const labels = {
    a: [2, 1, null, 2, 2],
    b: [3, null, 3, 3, null],
    c: [1, 0, 1, null, null],
  };
  const names = ["a", "b", "c"] as const;

  /** Loss and its derivative at a score, by task. */
  const losses = {
    a: (z: number, y: number) => [(z - y) ** 2, 2 * (z - y)],
    b: (z: number, y: number) => [Math.abs(z - y), Math.sign(z - y)],
    c: (z: number, y: number) => [Math.log(1 + Math.exp(z)) - y * z, 1 / (1 + Math.exp(-z)) - y],
  };
  /** Weight, and the derivative of the weighted loss at s. */
  const forms = {
    a: (s: number, loss: number) => [0.5 * Math.exp(-s), -0.5 * Math.exp(-s) * loss + 0.5],
    b: (s: number, loss: number) => [Math.exp(-s), -Math.exp(-s) * loss + 1],
    c: (s: number, loss: number) => [Math.exp(-s), -Math.exp(-s) * loss + 0.5],
  };

  it("takes the steps worked out by hand, in which tasks come and go", async () => {
    await expectNoLeak(async () => {
      const reports: StepReport<"a" | "b" | "c">[] = [];
      const watch: ObserverPlugin<"a" | "b" | "c"> = {
        kind: "observer",
        name: "observer-watch",
        contract: CONTRACT,
        create: () => ({ step: (report) => void reports.push(report) }),
      };
      await using trainer = await createTrainer(
        { a: regression(), b: absolute, c: binary() },
        {
          encoder: input([1]),
          architecture: linearModel({ shared: [0] }),
          weighting: uncertainty(),
          optimizer: sgd({ learningRate: rate }),
          observers: [watch],
        },
      );
      let shared = 0;
      const own = { a: 0, b: 0, c: 0 };
      const s = { a: 0, b: 0, c: 0 };
      const data = { inputs: [[1], [1], [1], [1], [1]], labels };
      for (let step = 0; step < 5; step++) {
        await trainer.fit(data, { steps: step + 1, batchSize: 1, shuffle: false });
        const weights: number[] = [];
        let total = 0;
        for (const name of names) {
          const label = labels[name][step];
          if (label === null) continue;
          const [loss, slope] = losses[name](shared + own[name], label);
          const [weight, slopeOfS] = forms[name](s[name], loss);
          weights.push(weight);
          total += weight * slope;
          own[name] -= rate * weight * slope;
          s[name] -= rate * slopeOfS;
        }
        shared -= rate * total;

        const { variables } = await trainer.state();
        const values = (key: string) => variables[key].values;
        expectAllClose(values("architecture/shared/kernel"), [shared], { relative: 2e-5 });
        for (const name of names) {
          expectAllClose(values(`architecture/own/${name}/kernel`), [own[name]], {
            relative: 2e-5,
          });
          expectAllClose(values(`weighting/log-variance/${name}`), [s[name]], { relative: 2e-5 });
        }
        expectAllClose(Object.values(reports[step].weights), weights, { relative: 2e-5 });
        if (step === 0) {
          // The same once more with pencil and paper: L = (4, 3, log 2), w = (½, 1, 1).
          expectAllClose(values("architecture/shared/kernel"), [0.1 * (0.5 * 4 + 1 + 0.5)]);
          expectAllClose(values("weighting/log-variance/a"), [0.15]);
          expectAllClose(values("weighting/log-variance/b"), [0.2]);
          expectAllClose(values("weighting/log-variance/c"), [0.1 * (Math.log(2) - 0.5)]);
        }
      }
    });
  });
});

it("an optimizer with a memory does not move an absent task's s either", async () => {
  const momentum: OptimizerPlugin = {
    kind: "optimizer",
    name: "momentum",
    contract: CONTRACT,
    create: () => ({
      slots: ["velocity"],
      rate: () => 0.1,
      scalars: ({ rate }) => [rate],
      update: (value, gradient, [velocity], [rate]) => {
        const next = tf.add(tf.mul(0.9, velocity), gradient);
        return { value: tf.sub(value, tf.mul(next, rate)), slots: [next] };
      },
    }),
  };
  await using trainer = await createTrainer(
    { a: regression(), b: regression() },
    {
      encoder: input([1]),
      architecture: linearModel({ shared: [0] }),
      weighting: uncertainty(),
      optimizer: momentum,
    },
  );
  const data = { inputs: [[1], [1], [1]], labels: { a: [2, 2, 2], b: [3, null, null] } };
  const s = async (steps: number) => {
    await trainer.fit(data, { steps, batchSize: 1, shuffle: false });
    const { variables } = await trainer.state();
    return ["a", "b"].map((name) => variables[`weighting/log-variance/${name}`].values[0]);
  };
  const [first, , third] = [await s(1), await s(2), await s(3)];
  expectAllClose(first[1], 0.1 * (0.5 * 9 - 0.5));
  expect(third[1]).toBe(first[1]);
  expect(third[0]).not.toBe(first[0]);
});

it("refuses a start for a task that does not exist, and leaves nothing behind", async () => {
  await expectNoLeak(() =>
    expect(
      createTrainer(
        { a: regression() },
        {
          encoder: input([1]),
          architecture: linearModel({ shared: [0] }),
          weighting: uncertainty({ initial: { z: 1 } as object }),
        },
      ),
    ).rejects.toMatchObject({ code: "POLYTASK_UNKNOWN_TASK" }),
  );
});

it("exports these names", async () => {
  expect(Object.keys(await import("@polytask/weighting-uncertainty"))).toEqual(["uncertainty"]);
});
