import { deltaM, deltaP, type MetricValues } from "@polytask/metrics";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const higher = (name: string) => ({ name, better: "higher" as const });
const lower = (name: string) => ({ name, better: "lower" as const });

const NYU = {
  segmentation: { metrics: [higher("mIoU"), higher("accuracy")] },
  depth: { metrics: [lower("absolute"), lower("relative")] },
  normals: {
    metrics: [
      lower("mean"),
      lower("median"),
      higher("within11"),
      higher("within22"),
      higher("within30"),
    ],
  },
};

type Nyu = MetricValues<keyof typeof NYU>;

const nyu = (values: readonly number[]): Nyu => ({
  segmentation: { mIoU: values[0], accuracy: values[1] },
  depth: { absolute: values[2], relative: values[3] },
  normals: {
    mean: values[4],
    median: values[5],
    within11: values[6],
    within22: values[7],
    within30: values[8],
  },
});

describe("printed values", () => {
  it("Δm of the linear scalarisation on NYUv2 in Navon et al. (Nash-MTL), arXiv 2202.01017: 5.59", () => {
    const single = nyu([38.3, 63.76, 0.6754, 0.278, 25.01, 19.21, 30.14, 57.2, 69.15]);
    const scalarised = nyu([39.29, 65.33, 0.5493, 0.2263, 28.15, 23.96, 22.09, 47.5, 61.08]);
    expect(deltaM(scalarised, single, NYU)).toBeCloseTo(5.59, 2);
    // The same results gain by the other formula: the two must never be taken for each other.
    expect(deltaP(scalarised, single, NYU)).toBeGreaterThan(0);
  });

  it("Δp of equal weights on NYUv2 in Lin et al. (DB-MTL), arXiv 2308.12029: −1.78", () => {
    const single = nyu([53.5, 75.39, 0.3926, 0.1605, 21.99, 15.16, 39.04, 65, 75.16]);
    const equal = nyu([53.93, 75.53, 0.3825, 0.1577, 23.57, 17.01, 35.04, 60.99, 72.05]);
    expect(deltaP(equal, single, NYU)).toBeCloseTo(-1.78, 2);
  });
});

describe("laws", () => {
  const positive = fc.double({ min: 0.01, max: 100, noNaN: true });

  it("Δp is −Δm with one metric per task", () => {
    const tasks = { a: { metrics: [higher("auc")] }, b: { metrics: [lower("rmse")] } };
    fc.assert(
      fc.property(positive, positive, positive, positive, (a, b, c, d) => {
        const [results, baseline] = [
          { a: { auc: a }, b: { rmse: b } },
          { a: { auc: c }, b: { rmse: d } },
        ];
        expect(deltaP(results, baseline, tasks)).toBe(-deltaM(results, baseline, tasks));
      }),
      { seed: 5 },
    );
  });

  it("no change is 0, and units do not matter", () => {
    fc.assert(
      fc.property(
        fc.array(positive, { minLength: 18, maxLength: 18 }),
        positive,
        (values, unit) => {
          const [results, baseline] = [values.slice(0, 9), values.slice(9)];
          expect(deltaM(nyu(results), nyu(results), NYU)).toBeCloseTo(0, 12);
          const scaled = [results, baseline].map((list) =>
            nyu(list.map((v, i) => (i === 4 ? v * unit : v))),
          );
          const before = deltaM(nyu(results), nyu(baseline), NYU);
          expect(Math.abs(deltaM(scaled[0], scaled[1], NYU) - before)).toBeLessThan(
            1e-9 * Math.max(1, Math.abs(before)),
          );
        },
      ),
      { seed: 6 },
    );
  });

  it("better by 10 % everywhere is Δm = −10 and Δp = 10", () => {
    const single = nyu([50, 60, 1, 2, 20, 10, 30, 40, 50]);
    const better = nyu([55, 66, 0.9, 1.8, 18, 9, 33, 44, 55]);
    expect(deltaM(better, single, NYU)).toBeCloseTo(-10, 12);
    expect(deltaP(better, single, NYU)).toBeCloseTo(10, 12);
  });
});

describe("comparisons that mean nothing", () => {
  const tasks = { a: { metrics: [higher("r2")] }, b: { metrics: [] } };

  it("a task without metrics does not count", () => {
    expect(deltaP({ a: { r2: 0.5 } }, { a: { r2: 0.25 } }, tasks)).toBe(100);
  });

  it.each([
    ["a baseline of 0", () => deltaM({ a: { r2: 0.5 } }, { a: { r2: 0 } }, tasks)],
    [
      "a baseline below 0, which would turn gains into losses",
      () => deltaP({ a: { r2: 0.5 } }, { a: { r2: -1 } }, tasks),
    ],
    ["a baseline that is NaN", () => deltaP({ a: { r2: 0.5 } }, { a: { r2: NaN } }, tasks)],
    ["a metric that is missing", () => deltaM({ a: {} }, { a: { r2: 1 } }, tasks)],
    ["a task that is missing", () => deltaM({ a: { r2: 1 } }, {}, tasks)],
    ["no metric at all", () => deltaM({}, {}, { b: { metrics: [] } })],
  ])("%s is an error", (_title, run) => {
    expect(run).toThrow("POLYTASK_DATA");
  });

  it("a result that is NaN stays NaN", () => {
    expect(deltaM({ a: { r2: NaN } }, { a: { r2: 1 } }, tasks)).toBeNaN();
  });
});
