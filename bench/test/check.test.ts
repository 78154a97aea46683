import { describe, expect, it } from "vitest";
import { agree, differenceOf, summarise, toleranceFor, wholeDifferenceOf } from "../dist/check.js";

const check = {
  losses: [0.5, 2],
  gradients: { W: [5, 3, -4] as const, zero: [0, 0, 0] as const },
};

describe("summarise", () => {
  it("is norm, first and last number", () => {
    expect(summarise(Float32Array.of(3, 0, -4))).toEqual([5, 3, -4]);
  });
});

describe("differenceOf", () => {
  it("is 0 between equals, gradients of zero among them", () => {
    expect(differenceOf(check, check)).toEqual({ losses: 0, gradients: 0 });
  });

  it("is relative to losses, and to the norm of a gradient", () => {
    const other = {
      losses: [0.5, 2.2],
      gradients: { ...check.gradients, W: [5, 3, -3.5] as const },
    };
    const { losses, gradients } = differenceOf(other, check);
    expect(losses).toBeCloseTo(0.1, 12);
    expect(gradients).toBeCloseTo(0.1, 12);
  });

  it.each([
    ["a loss is missing", { ...check, losses: [0.5] }],
    ["a loss is NaN", { ...check, losses: [NaN, 2] }],
    ["a gradient is missing", { ...check, gradients: { W: check.gradients.W } }],
    [
      "a gradient is too many",
      { ...check, gradients: { ...check.gradients, V: [1, 1, 1] as const } },
    ],
    [
      "a gradient is not 0",
      { ...check, gradients: { ...check.gradients, zero: [1e-9, 0, 0] as const } },
    ],
    [
      "a gradient is NaN",
      { ...check, gradients: { ...check.gradients, W: [NaN, 3, -4] as const } },
    ],
  ])("does not agree where %s", (_, other) => {
    expect(agree(differenceOf(other, check), 1e-5)).toBe(false);
  });

  it("asks for 1e-5 up to a million parameters, and for what float32 can add up beyond", () => {
    expect([1e4, 1e6, 1e8].map(toleranceFor)).toEqual([1e-5, 1e-5, 1e-4]);
  });

  it("agrees up to a tolerance", () => {
    const near = (by: number) => differenceOf({ ...check, losses: [0.5, 2 * (1 + by)] }, check);
    expect(agree(near(0.9e-5), 1e-5)).toBe(true);
    expect(agree(near(1.1e-5), 1e-5)).toBe(false);
  });
});

describe("wholeDifferenceOf", () => {
  const whole = { losses: [2], gradients: { W: [3, 0, -4], zero: [0, 0] } };
  const withW = (W: readonly number[]) => ({ ...whole, gradients: { ...whole.gradients, W } });

  it("sees what lies between a gradient's first and last number", () => {
    expect(wholeDifferenceOf(whole, whole)).toEqual({ losses: 0, gradients: 0 });
    expect(wholeDifferenceOf(withW([3, 0.5, -4]), whole).gradients).toBeCloseTo(0.1, 12);
  });

  it.each([
    ["shorter", withW([3, 0])],
    ["NaN", withW([3, NaN, -4])],
    ["missing", { losses: [2], gradients: { zero: [0, 0] } }],
    ["not 0", { losses: [2], gradients: { ...whole.gradients, zero: [0, 1e-9] } }],
  ])("does not agree where a gradient is %s", (_, other) => {
    expect(agree(wholeDifferenceOf(other, whole), 1e-5)).toBe(false);
  });
});
