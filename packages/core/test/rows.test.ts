import { describe, expect, it } from "vitest";
import { takeLabels } from "../dist/labels.js";
import { takeRows } from "../dist/rows.js";

const rows = {
  values: Float32Array.of(0, 1, 10, 11, 20, 21, 30, 31),
  shape: [2],
  dtype: "float32" as const,
};
const labels = {
  values: Float32Array.of(5, 6, 7, 8),
  present: Uint8Array.of(1, 0, 1, 1),
  shape: [],
  count: 3,
};

describe("a batch's examples", () => {
  it("are views of the data where they follow one another", () => {
    const middle = takeRows(rows, Uint32Array.of(1, 2));
    expect([...middle.values]).toEqual([10, 11, 20, 21]);
    expect(middle.values.buffer).toBe(rows.values.buffer);

    const taken = takeLabels(labels, Uint32Array.of(1, 2));
    expect([[...taken.values], [...taken.present], taken.count]).toEqual([[6, 7], [0, 1], 1]);
    expect(taken.values.buffer).toBe(labels.values.buffer);
  });

  it.each([
    { name: "in another order", order: [2, 1], values: [20, 21, 10, 11], kept: [7, 6], count: 1 },
    { name: "with a gap", order: [0, 2], values: [0, 1, 20, 21], kept: [5, 7], count: 2 },
    { name: "twice", order: [3, 3], values: [30, 31, 30, 31], kept: [8, 8], count: 2 },
  ])("are copies $name", ({ order, values, kept, count }) => {
    const taken = takeRows(rows, order);
    expect([...taken.values]).toEqual(values);
    expect(taken.values.buffer).not.toBe(rows.values.buffer);
    expect([...takeLabels(labels, order).values]).toEqual(kept);
    expect(takeLabels(labels, order).count).toBe(count);
  });

  it("may be none", () => {
    expect(takeRows(rows, []).values).toHaveLength(0);
    expect(takeLabels(labels, []).count).toBe(0);
  });
});
