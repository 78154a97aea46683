import {
  constant,
  glorotUniform,
  heNormal,
  heUniform,
  type Initializer,
  normal,
  ones,
  uniform,
  zeros,
} from "@polytask/blocks";
import { seededRandom } from "@polytask/core";
import { expectNoLeak } from "@polytask/testkit";
import { describe, expect, it } from "vitest";

const draw = async (initializer: Initializer, shape: number[], seed = 1): Promise<Float32Array> => {
  const tensor = initializer(shape, seededRandom(seed)("init/w"));
  const values = (await tensor.data()) as Float32Array;
  expect(tensor.shape).toEqual(shape);
  expect(tensor.dtype).toBe("float32");
  tensor.dispose();
  return values;
};

const mean = (values: Float32Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const variance = (values: Float32Array): number =>
  values.reduce((sum, value) => sum + value ** 2, 0) / values.length - mean(values) ** 2;

describe("initializers", () => {
  it("fill with constants", () =>
    expectNoLeak(async () => {
      expect([...(await draw(zeros, [2, 2]))]).toEqual([0, 0, 0, 0]);
      expect([...(await draw(ones, [3]))]).toEqual([1, 1, 1]);
      expect([...(await draw(constant(-2.5), [2]))]).toEqual([-2.5, -2.5]);
    }));

  // The papers' variances: Glorot & Bengio 2010, equation 12: 2/(in + out); He et al. 2015, equation 10: 2/in.
  const fans = { in: 60, out: 20 };
  it.each([
    ["glorotUniform", glorotUniform(fans), 2 / 80, Math.sqrt(6 / 80)],
    ["heUniform", heUniform(fans), 2 / 60, Math.sqrt(6 / 60)],
    ["heNormal", heNormal(fans), 2 / 60, Infinity],
    ["uniform", uniform(0.3), 0.3 ** 2 / 3, 0.3],
    ["normal", normal(0.2), 0.04, Infinity],
  ])("%s has the mean, the variance and the range of its law", async (_, law, expected, limit) => {
    const values = await draw(law, [200, 200]);
    // 40,000 draws: standard errors 0.005·σ of the mean and at most 0.7 % of the variance.
    expect(Math.abs(mean(values))).toBeLessThan(0.02 * Math.sqrt(expected));
    expect(Math.abs(variance(values) / expected - 1)).toBeLessThan(0.03);
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest).toBeLessThanOrEqual(limit);
    if (limit < Infinity) expect(largest).toBeGreaterThan(0.99 * limit);
  });

  it("draw from their stream alone", async () => {
    expect(await draw(normal(1), [5])).toEqual(await draw(normal(1), [5]));
    expect(await draw(normal(1), [5])).not.toEqual(await draw(normal(1), [5], 2));
  });
});
