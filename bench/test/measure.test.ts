import { describe, expect, it } from "vitest";
import { machineTicks, processTicks } from "../dist/cpu.js";
import { median, planFor } from "../dist/measure.js";

describe("median", () => {
  it("is the middle, or the mean of the two in the middle", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
  });
});

describe("planFor", () => {
  it("fills 120 ms, with at least three steps, and takes little of what is slow", () => {
    expect(planFor(1.5, 15)).toEqual({ steps: 80, rounds: 15 });
    expect(planFor(100, 15)).toEqual({ steps: 3, rounds: 15 });
    expect(planFor(8000, 15)).toEqual({ steps: 1, rounds: 3 });
    expect(planFor(8000, 2)).toEqual({ steps: 1, rounds: 2 });
  });
});

describe("processor time", () => {
  it("of the machine is all but idle and waiting for input", () => {
    const stat = "cpu  100 20 30 400 5 6 7 8 9 10\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
    expect(machineTicks(stat)).toEqual({ busy: 171, total: 576 });
  });

  it("of a process is its user and system time, whatever its name holds", () => {
    const fields = "S 1 2 3 4 5 6 7 8 9 10 250 40 0 0";
    expect(processTicks(`42 (a) b (c)) ${fields}`)).toBe(290);
  });
});
