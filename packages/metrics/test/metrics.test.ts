import type { Metric } from "@polytask/core";
import { accuracy, auc, logLoss, mae, r2, rmse } from "@polytask/metrics";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { examples, float, measure, reorder } from "./support.ts";

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const runs = { seed: 7, numRuns: 200 };

describe("values printed in scikit-learn's documentation", () => {
  it("roc_auc_score", () => {
    expect(measure(auc(), [0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])).toBe(0.75);
  });

  it("log_loss of two classes, as classes and as one probability", () => {
    const spam = [0.9, 0.1, 0.2, 0.65];
    const labels = [1, 0, 0, 1];
    expect(measure(logLoss(), spam, labels)).toBeCloseTo(0.21616, 5);
    const rows = spam.flatMap((p) => [1 - p, p]);
    expect(measure(logLoss(), rows, labels, { width: 2 })).toBeCloseTo(0.21616, 5);
  });

  it("accuracy_score", () => {
    const oneHot = [0, 2, 1, 3].flatMap((chosen) => [0, 1, 2, 3].map((c) => Number(c === chosen)));
    expect(measure(accuracy(), oneHot, [0, 1, 2, 3], { width: 4 })).toBe(0.5);
  });

  it("mean_absolute_error, root of mean_squared_error, r2_score", () => {
    const predictions = [2.5, 0, 2, 8];
    const labels = [3, -0.5, 2, 7];
    expect(measure(mae(), predictions, labels)).toBe(0.5);
    expect(measure(rmse(), predictions, labels)).toBe(Math.sqrt(0.375));
    expect(measure(r2(), predictions, labels)).toBeCloseTo(0.948608137, 9);
  });
});

describe("the definition, written out", () => {
  it("auc: every pair of a positive and a negative, ties one half", () => {
    const few = fc.constantFrom(0, 0.25, 0.5, 0.75, 1);
    const any = float(10);
    for (const predictions of [few, any]) {
      fc.assert(
        fc.property(examples(predictions, fc.constantFrom(0, 1)), ({ pairs, batches }) => {
          const [p, y] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
          const wins = pairs
            .filter(([, label]) => label === 1)
            .flatMap(([a]) =>
              pairs
                .filter(([, label]) => label === 0)
                .map(([b]) => (a > b ? 1 : a === b ? 0.5 : 0)),
            );
          const value = measure(auc(), p, y, { batches });
          if (wins.length === 0) expect(value).toBeNaN();
          else expect(value).toBeCloseTo(sum(wins) / wins.length, 14);
        }),
        runs,
      );
    }
  });

  it("rmse, mae and r2: two passes in float64", () => {
    fc.assert(
      fc.property(examples(float(100), float(100)), ({ pairs, batches }) => {
        const [p, y] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
        const errors = pairs.map(([a, b]) => a - b);
        const n = pairs.length;
        const mean = sum(y) / n;
        const spread = sum(y.map((label) => (label - mean) ** 2));
        const squares = sum(errors.map((e) => e * e));
        expect(measure(mae(), p, y, { batches })).toBeCloseTo(sum(errors.map(Math.abs)) / n, 10);
        expect(measure(rmse(), p, y, { batches })).toBeCloseTo(Math.sqrt(squares / n), 10);
        fc.pre(spread > 1e-3);
        const value = measure(r2(), p, y, { batches });
        expect(Math.abs(value - (1 - squares / spread))).toBeLessThan(
          1e-9 * Math.max(1, squares / spread),
        );
      }),
      runs,
    );
  });

  it("logLoss and accuracy over classes", () => {
    const row = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(fc.tuple(row, fc.nat(2)), { minLength: 1, maxLength: 20 }), (list) => {
        const rows = list.map(([weights]) =>
          Array.from(Float32Array.from(weights, (w) => w / sum(weights))),
        );
        const labels = list.map(([, label]) => label);
        const loss = -sum(rows.map((p, i) => Math.log(p[labels[i]]))) / list.length;
        const right =
          rows.filter((p, i) => p.indexOf(Math.max(...p)) === labels[i]).length / list.length;
        const how = { width: 3, batches: [2, 1] };
        expect(measure(logLoss(), rows.flat(), labels, how)).toBeCloseTo(loss, 12);
        expect(measure(accuracy(), rows.flat(), labels, how)).toBe(right);
      }),
      runs,
    );
  });
});

const probability = fc.integer({ min: 0, max: 8 }).map((k) => k / 8);
const binaryLabel = fc.constantFrom(0, 1);
const METRICS: readonly (readonly [string, Metric, fc.Arbitrary<number>, fc.Arbitrary<number>])[] =
  [
    ["auc", auc(), probability, binaryLabel],
    ["logLoss", logLoss(), probability, binaryLabel],
    ["accuracy", accuracy(), probability, binaryLabel],
    ["rmse", rmse(), float(100), float(100)],
    ["mae", mae(), float(100), float(100)],
    ["r2", r2(), float(100), fc.integer({ min: -5, max: 5 })],
  ];

describe.each(METRICS)("%s", (_name, metric, predictions, labels) => {
  it("does not depend on how examples fall into batches, to the last bit", () => {
    fc.assert(
      fc.property(examples(predictions, labels), ({ pairs, batches }) => {
        const [p, y] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
        expect(measure(metric, p, y, { batches })).toBe(measure(metric, p, y));
      }),
      runs,
    );
  });

  it("does not depend on the order of examples", () => {
    fc.assert(
      fc.property(examples(predictions, labels), ({ pairs, order }) => {
        const shuffled = reorder(pairs, order);
        const one = measure(
          metric,
          pairs.map(([a]) => a),
          pairs.map(([, b]) => b),
        );
        const other = measure(
          metric,
          shuffled.map(([a]) => a),
          shuffled.map(([, b]) => b),
        );
        if (Number.isNaN(one)) expect(other).toBeNaN();
        else expect(Math.abs(other - one)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(one)));
      }),
      runs,
    );
  });

  it("can be read in between, and keeps nothing from one accumulator to the next", () => {
    const running = metric.create();
    expect(running.value()).toBeNaN();
    running.update(Float32Array.of(0.25, 0.75), Float32Array.of(0, 1), 1);
    running.value();
    running.update(Float32Array.of(0.5, 0.5), Float32Array.of(1, 0), 1);
    const all = measure(metric, [0.25, 0.75, 0.5, 0.5], [0, 1, 1, 0]);
    expect(running.value()).toBe(all);
    expect(measure(metric, [0.25, 0.75, 0.5, 0.5], [0, 1, 1, 0])).toBe(all);
  });

  it("is NaN after a prediction that is NaN", () => {
    expect(measure(metric, [0.25, NaN, 0.5], [0, 1, 1])).toBeNaN();
    expect(measure(metric, [NaN, 0.25, 0.5], [0, 0, 1], { batches: [1] })).toBeNaN();
  });

  it("keeps its own copy: a caller may reuse the arrays", () => {
    const running = metric.create();
    const p = Float32Array.of(0.25, 0.75);
    const y = Float32Array.of(1, 0);
    running.update(p, y, 1);
    const value = running.value();
    p.fill(0.5);
    y.fill(1);
    expect(running.value()).toBe(value);
  });
});

describe("auc", () => {
  it("is exact over many examples, beyond its first buffer", () => {
    // Positives i + 0.5 against negatives 0 … n−1: positive i beats i + 1 of them.
    const n = 5000;
    const scores = Array.from({ length: 2 * n }, (_, k) => (k < n ? k + 0.5 : k - n));
    const labels = scores.map((_, k) => Number(k < n));
    expect(measure(auc(), scores, labels, { batches: [100, 3000] })).toBe((n + 1) / (2 * n));
  });

  it("takes −0 and 0 for a tie", () => {
    expect(measure(auc(), [-0, 0, 0, -0], [1, 0, 1, 0])).toBe(0.5);
  });

  it("takes infinite scores", () => {
    expect(measure(auc(), [-Infinity, Infinity, -Infinity], [0, 1, 1])).toBe(0.75);
  });
});

describe("sums", () => {
  it("r2 of labels far from 0 keeps its digits", () => {
    // Welford's case: a naive Σy² − n·ȳ² in float64 has no digit left here.
    const offset = 2 ** 23;
    const labels = Array.from({ length: 1000 }, (_, i) => offset + (i % 4));
    const predictions = labels.map((label, i) => label + (i % 2));
    // Spread of 0, 1, 2, 3 is 1.25 on average; half of the errors are 1. A float64 mean near 2²³ is known to 1e-9.
    expect(measure(r2(), predictions, labels)).toBeCloseTo(1 - 0.5 / 1.25, 9);
  });

  it("a mean error does not drift with the number of examples", () => {
    const running = mae().create();
    const predictions = new Float32Array(10_000).fill(0.1);
    for (let i = 0; i < 100; i++) running.update(predictions, new Float32Array(10_000), 1);
    expect(running.value()).toBe(Math.fround(0.1));
  });

  it("stay infinite once they are", () => {
    expect(measure(mae(), [Infinity, 1, 2], [0, 0, 0])).toBe(Infinity);
  });
});

describe("logLoss", () => {
  it("cuts probabilities of 0 and 1, on both sides", () => {
    const cut = -Math.log(2 ** -23);
    expect(measure(logLoss(), [0], [1])).toBeCloseTo(cut, 12);
    expect(measure(logLoss(), [1], [0])).toBeCloseTo(cut, 12);
    expect(measure(logLoss(), [1], [1])).toBeCloseTo(2 ** -23, 12);
    expect(measure(logLoss({ epsilon: 0.01 }), [0, 1, 0], [2], { width: 3 })).toBeCloseTo(
      -Math.log(0.01),
      12,
    );
  });
});

describe("accuracy", () => {
  it("says 1 above the threshold only", () => {
    expect(measure(accuracy(), [0.5, 0.50001, 0.49999], [0, 1, 0])).toBe(1);
    expect(measure(accuracy({ threshold: 0.25 }), [0.25, 0.26], [0, 1])).toBe(1);
  });

  it("names the first of equal classes", () => {
    expect(measure(accuracy(), [0.4, 0.4, 0.2, 0.2, 0.4, 0.4], [0, 1], { width: 3 })).toBe(1);
  });
});

describe("r2", () => {
  it("is 1 for the labels, 0 for their mean, and undefined where labels do not vary", () => {
    expect(measure(r2(), [1, 2, 3], [1, 2, 3])).toBe(1);
    expect(measure(r2(), [2, 2, 2], [1, 2, 3])).toBe(0);
    expect(measure(r2(), [2, 2], [1, 1])).toBeNaN();
  });
});

describe("bad input", () => {
  it.each([
    ["auc of a label 2", () => measure(auc(), [0.5], [2])],
    ["auc of two columns", () => measure(auc(), [0.5, 0.5], [1], { width: 2 })],
    ["logLoss of a label 0.5", () => measure(logLoss(), [0.5], [0.5])],
    ["logLoss of a class too many", () => measure(logLoss(), [0.5, 0.2, 0.3], [3], { width: 3 })],
    ["accuracy of a label −1", () => measure(accuracy(), [0.5], [-1])],
    ["rmse of two columns", () => measure(rmse(), [0.5, 0.5], [1], { width: 2 })],
    ["r2 of two columns", () => measure(r2(), [0.5, 0.5], [1], { width: 2 })],
  ])("%s is an error that says so", (_title, run) => {
    expect(run).toThrow("POLYTASK_DATA");
  });

  it.each([
    ["epsilon 0", () => logLoss({ epsilon: 0 })],
    ["epsilon 0.5", () => logLoss({ epsilon: 0.5 })],
    ["threshold NaN", () => accuracy({ threshold: NaN })],
    ["threshold above 1", () => accuracy({ threshold: 1.1 })],
  ])("option %s is refused", (_title, make) => {
    expect(make).toThrow("POLYTASK_OPTION");
  });
});

it("exports these names and no others", async () => {
  expect(Object.keys(await import("@polytask/metrics")).sort()).toEqual([
    "accuracy",
    "auc",
    "deltaM",
    "deltaP",
    "logLoss",
    "mae",
    "r2",
    "rmse",
  ]);
});
