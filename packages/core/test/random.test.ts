import { seededRandom } from "@polytask/core";
import { describe, expect, it } from "vitest";

const N = 20_000;
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe("seededRandom", () => {
  it("gives every seed and name a stream of its own, the same each time", () => {
    const draw = (seed: number, name: string) => {
      const random = seededRandom(seed)(name);
      return [random.uniform(), random.normal(), random.integer(1000)];
    };
    expect(draw(1, "a")).toEqual(draw(1, "a"));
    expect(draw(1, "a")).not.toEqual(draw(2, "a"));
    expect(draw(1, "a")).not.toEqual(draw(1, "b"));
  });

  it("has first draws that do not resemble one another", () => {
    const first = Array.from({ length: N }, (_, seed) => seededRandom(seed)("x").uniform());
    // Standard error of a mean of uniforms is 0.289/√N = 0.002; of the lag-one product about the same.
    expect(Math.abs(mean(first) - 0.5)).toBeLessThan(0.01);
    expect(Math.abs(mean(first.slice(1).map((v, i) => v * first[i])) - 0.25)).toBeLessThan(0.01);
    expect(new Set(first).size).toBe(N);
  });

  it("draws the laws it names", () => {
    const random = seededRandom(5)("laws");
    const uniform = Array.from({ length: N }, random.uniform);
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...uniform)).toBeLessThan(1);
    const normal = Array.from({ length: N }, random.normal);
    expect(Math.abs(mean(normal))).toBeLessThan(0.03);
    expect(Math.abs(mean(normal.map((v) => v * v)) - 1)).toBeLessThan(0.05);
    const integers = Array.from({ length: N }, () => random.integer(3));
    for (const k of [0, 1, 2]) {
      expect(Math.abs(integers.filter((v) => v === k).length / N - 1 / 3)).toBeLessThan(0.02);
    }
  });

  it("permutes", () => {
    const random = seededRandom(6)("order");
    const orders = Array.from({ length: 6000 }, () => random.permutation(3).join(""));
    const counts = new Map<string, number>();
    for (const order of orders) counts.set(order, (counts.get(order) ?? 0) + 1);
    expect([...counts.keys()].sort()).toEqual(["012", "021", "102", "120", "201", "210"]);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
    expect(random.permutation(0)).toHaveLength(0);
  });

  it("goes on from a saved place", () => {
    const one = seededRandom(7)("place");
    one.normal();
    const place = structuredClone(one.state());
    const next = [one.uniform(), one.normal(), one.uniform()];
    const other = seededRandom(8)("elsewhere");
    other.restore(place);
    expect([other.uniform(), other.normal(), other.uniform()]).toEqual(next);
  });
});
