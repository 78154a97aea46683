import type { Evaluation, Observer, TrainerState } from "@polytask/core";
import { earlyStopping, type EarlyStoppingOptions } from "@polytask/observers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  auc,
  epochReport,
  evaluation,
  make,
  type Name,
  plan,
  tasks,
  testScope,
} from "./support.ts";

const watch = (options: EarlyStoppingOptions<Name>) => make(earlyStopping<Name>(options));

/** The epoch at which the observer says stop; undefined if it does not. */
async function stopsAt(
  observer: Observer<Name>,
  evaluations: readonly Evaluation<Name>[],
): Promise<number | undefined> {
  observer.start?.(plan());
  for (const [epoch, found] of evaluations.entries()) {
    if ((await observer.epoch?.(epochReport(epoch, found))) === "stop") return epoch;
  }
  return undefined;
}

const losses = (...values: number[]) => values.map((click) => evaluation({ click, value: 0 }));
const aucs = (...values: number[]) =>
  values.map((value) => evaluation({ click: 1 }, { click: { auc: value } }));

describe("patience", () => {
  it("counts epochs in a row without improvement", async () => {
    const options = { metric: "loss", task: "click", patience: 2 } as const;
    expect(await stopsAt(await watch(options), losses(5, 4, 4, 4))).toBe(3);
    expect(await stopsAt(await watch(options), losses(5, 4, 4.5, 3, 3.5, 2))).toBeUndefined();
    expect(await stopsAt(await watch({ ...options, patience: 1 }), losses(5, 4, 4, 4))).toBe(2);
  });

  it("stops where the definition says, for any values", async () => {
    const value = fc.integer({ min: 0, max: 8 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(value, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 2 }),
        fc.constantFrom("higher", "lower"),
        async (values, patience, minDelta, mode) => {
          // The first epoch that ends `patience` epochs none of which beats the best before it.
          const better = (a: number, b: number): boolean =>
            mode === "higher" ? a > b + minDelta : a < b - minDelta;
          const records: number[] = [];
          values.forEach((v, i) => {
            if (records.length === 0 || better(v, values[records[records.length - 1]]))
              records.push(i);
          });
          const expected = values.findIndex((_, i) => {
            const last = records.filter((record) => record <= i).at(-1) ?? 0;
            return i - last === patience;
          });
          const observer = await watch({
            metric: ({ losses: l }) => l.click ?? NaN,
            mode,
            patience,
            minDelta,
          });
          expect((await stopsAt(observer, losses(...values))) ?? -1).toBe(expected);
        },
      ),
      { seed: 4, numRuns: 300 },
    );
  });

  it("does not take NaN or infinity for a best", async () => {
    const options = { metric: "auc", task: "click", patience: 2 } as const;
    expect(await stopsAt(await watch(options), aucs(NaN, 0.5, NaN, NaN, 0.9))).toBe(3);
    expect(await stopsAt(await watch(options), aucs(Infinity, 0.5, 0.6, 0.7))).toBeUndefined();
  });

  it("needs more than minDelta", async () => {
    const options = { metric: "auc", task: "click", patience: 2, minDelta: 0.125 } as const;
    expect(await stopsAt(await watch(options), aucs(0.5, 0.625, 0.625))).toBe(2);
    expect(await stopsAt(await watch(options), aucs(0.5, 0.55, 0.6, 0.7))).toBe(2);
    expect(await stopsAt(await watch(options), aucs(0.5, 0.6255, 0.752))).toBeUndefined();
  });
});

describe("the measure", () => {
  const first = async (options: EarlyStoppingOptions<Name>, found: Evaluation<Name>) => {
    const seen: number[] = [];
    const observer = await watch({
      ...options,
      onBest: (_state, value) => {
        seen.push(value);
      },
    });
    await observer.epoch?.(epochReport(0, found));
    return seen[0];
  };
  const found = evaluation(
    { click: 0.5, value: 2 },
    { click: { auc: 0.75, both: 1 }, value: { rmse: 3, both: 2 } },
  );

  it("is by default the mean loss over tasks", async () => {
    expect(await first({}, found)).toBe(1.25);
    expect(await first({ metric: "loss", task: "value" }, found)).toBe(2);
  });

  it("is a metric of one task, or its mean over the tasks that have it", async () => {
    expect(await first({ metric: "rmse", task: "value" }, found)).toBe(3);
    expect(await first({ metric: "auc" }, found)).toBe(0.75);
    const both = { ...auc, name: "both" };
    const { scope } = testScope({
      click: { ...tasks.click, metrics: [both] },
      value: { ...tasks.value, metrics: [both] },
    });
    const seen: number[] = [];
    const observer = await make(
      earlyStopping<Name>({ metric: "both", onBest: (_state, value) => void seen.push(value) }),
      scope,
    );
    await observer.epoch?.(epochReport(0, found));
    expect(seen).toEqual([1.5]);
  });

  it("is any function of the evaluation", async () => {
    const metric = ({ losses: l, metrics }: Evaluation<Name>): number =>
      (metrics.click?.["auc"] ?? NaN) - (l.value ?? NaN);
    expect(await first({ metric, mode: "higher" }, found)).toBe(-1.25);
  });

  it("goes the way its metric says is better, unless told otherwise", async () => {
    const rising = aucs(0.5, 0.6, 0.7, 0.8);
    expect(await stopsAt(await watch({ metric: "auc", patience: 2 }), rising)).toBeUndefined();
    expect(await stopsAt(await watch({ metric: "auc", patience: 2, mode: "lower" }), rising)).toBe(
      2,
    );
    const errors = [1, 2, 3].map((rmse) => evaluation({}, { value: { rmse } }));
    expect(await stopsAt(await watch({ metric: "rmse", patience: 2 }), errors)).toBe(2);
  });
});

describe("onBest", () => {
  it("is given the state of every best epoch, and awaited", async () => {
    const calls: { epoch: number; value: number }[] = [];
    const observer = await watch({
      task: "click",
      patience: 2,
      onBest: async (state: TrainerState, value) => {
        await Promise.resolve();
        calls.push({ epoch: state.epoch, value });
      },
    });
    await stopsAt(observer, losses(5, 6, 4, 4));
    expect(calls).toEqual([
      { epoch: 1, value: 5 },
      { epoch: 3, value: 4 },
    ]);
  });

  it("asks for no state where nobody wants one", async () => {
    const observer = await watch({});
    const report = {
      ...epochReport(0, evaluation({ click: 1 })),
      state: () => Promise.reject(new Error("a copy of every parameter")),
    };
    expect(await observer.epoch?.(report)).toBeUndefined();
  });
});

describe("several calls of fit", () => {
  const options = { metric: "loss", task: "click", patience: 3 } as const;

  it("go on waiting where the last one left off", async () => {
    const observer = await watch(options);
    expect(await stopsAt(observer, losses(1, 2))).toBeUndefined();
    expect(await stopsAt(observer, losses(2, 2, 2))).toBe(1);
  });

  it("begin to wait anew after a stop, and keep the best", async () => {
    const observer = await watch(options);
    expect(await stopsAt(observer, losses(1, 2, 2, 2))).toBe(3);
    expect(await stopsAt(observer, losses(1.5, 1.5, 1.5))).toBe(2);
    expect(await stopsAt(observer, losses(0.5, 1, 1, 0.4))).toBeUndefined();
  });

  it("are the same after a restore", async () => {
    const whole = await watch(options);
    await stopsAt(whole, losses(1, 2, 2));
    const resumed = await watch(options);
    await stopsAt(resumed, losses(0.1));
    resumed.restore?.(structuredClone(whole.state?.() ?? null));
    expect(resumed.state?.()).toEqual(whole.state?.());
    expect(await stopsAt(resumed, losses(2))).toBe(0);
    expect(await stopsAt(whole, losses(2))).toBe(0);
  });
});

describe("errors", () => {
  it.each([
    ["patience 0", { patience: 0 }],
    ["patience 1.5", { patience: 1.5 }],
    ["minDelta below 0", { minDelta: -1 }],
    ["minDelta NaN", { minDelta: NaN }],
  ])("%s", (_title, options) => {
    expect(() => earlyStopping(options)).toThrow("POLYTASK_OPTION");
  });

  it("a mode that is neither", () => {
    // @ts-expect-error: "max" is no mode
    expect(() => earlyStopping({ mode: "max" })).toThrow("POLYTASK_OPTION");
  });

  it("a metric that nobody measures, while wiring, with those that somebody does", async () => {
    await expect(watch({ metric: "acc" })).rejects.toThrow('"loss", "auc", "rmse"; got "acc"');
    await expect(watch({ metric: "auc", task: "value" })).rejects.toThrow('"loss", "rmse"');
  });

  it("a task that is none, while wiring", async () => {
    // @ts-expect-error: "clicks" is no task
    await expect(watch({ task: "clicks" })).rejects.toThrow("POLYTASK_UNKNOWN_TASK");
  });

  it("a function without a mode", async () => {
    await expect(watch({ metric: () => 1 })).rejects.toThrow('"mode"');
  });

  it("tasks that differ in which way is better", async () => {
    const { scope } = testScope({
      value: { ...tasks.value, metrics: [{ ...auc, better: "lower" }] },
    });
    await expect(make(earlyStopping<Name>({ metric: "auc" }), scope)).rejects.toThrow('"mode"');
    await make(earlyStopping<Name>({ metric: "auc", mode: "higher" }), scope);
    await make(earlyStopping<Name>({ metric: "auc", task: "value" }), scope);
  });

  it("no validation data", async () => {
    const observer = await watch({});
    await expect(observer.epoch?.(epochReport(0))).rejects.toThrow(/validation.*POLYTASK_DATA/);
  });

  it("validation data without the labels", async () => {
    const observer = await watch({ metric: "auc" });
    const found = evaluation({ value: 1 }, { value: { rmse: 1 } });
    await expect(observer.epoch?.(epochReport(0, found))).rejects.toThrow('"auc" of click, value');
  });
});
