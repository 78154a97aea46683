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
  it("are views of data that are read as they lie", () => {
    const middle = takeRows(rows, { begin: 1, end: 3 });
    expect([...middle.values]).toEqual([10, 11, 20, 21]);
    expect(middle.values.buffer).toBe(rows.values.buffer);

    const taken = takeLabels(labels, { begin: 1, end: 3 });
    expect([[...taken.values], [...taken.present], taken.count]).toEqual([[6, 7], [0, 1], 1]);
    expect(taken.values.buffer).toBe(labels.values.buffer);
  });

  it("are copies in the order that is asked for", () => {
    const order = Uint32Array.of(3, 1, 3);
    expect([...takeRows(rows, order).values]).toEqual([30, 31, 10, 11, 30, 31]);
    const taken = takeLabels(labels, order);
    expect([[...taken.values], [...taken.present], taken.count]).toEqual([[8, 6, 8], [1, 0, 1], 2]);
  });

  it("count their labels, missing or not", () => {
    const whole = { ...labels, present: Uint8Array.of(1, 1, 1, 1), count: 4 };
    expect(takeLabels(whole, { begin: 1, end: 4 }).count).toBe(3);
    expect(takeLabels(labels, { begin: 0, end: 4 }).count).toBe(3);
  });
});
