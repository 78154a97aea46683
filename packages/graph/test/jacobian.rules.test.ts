import { ancestors, Graph, sizeOf, vectorise } from "@polytask/graph";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluate } from "./evaluate.ts";
import { grow, LINEAR, type Step, UNLIKELY } from "./jacobian/random-graph.ts";

const TASKS = [1, 2, 3, 4];
const ORDINARY = Object.keys(LINEAR);
const ALL = [...ORDINARY, ...Object.keys(UNLIKELY)];

const steps = (names: readonly string[]): fc.Arbitrary<readonly Step[]> =>
  fc.array(
    fc.record({
      op: fc.constantFrom(...names),
      on: fc.nat(),
      numbers: fc.array(fc.nat(1000), { minLength: 12, maxLength: 12 }),
    }),
    { minLength: 1, maxLength: 14 },
  );

/** Rows found at once, and the same value evaluated at every e_c. */
async function compare(size: number, program: readonly Step[]): Promise<void> {
  const graph = new Graph();
  const weights = graph.view("units", 5, [size]);
  const grown = grow(graph, weights, program);
  const value = grown[grown.length - 1];
  const { rows, ones } = vectorise(graph, { weights, gradients: [value], size });
  const { copies, value: stacked } = rows(0);
  expect(stacked.shape).toEqual([copies.length, ...value.shape]);
  if (!ancestors([value]).some(({ op }) => op === "View")) {
    expect(copies).toEqual([]);
    return;
  }

  const at = async (w: readonly number[]): Promise<readonly number[]> =>
    Array.from((await evaluate([value], () => Float32Array.from([9, 9, 9, 9, 9, ...w])))[0]);
  const unread = (): never => {
    throw new Error("w is reached");
  };
  const [found, total] = await evaluate([stacked, ones(0)], unread);
  const length = sizeOf(value.shape);
  for (let task = 0; task < size; task++) {
    const unit = Array.from({ length: size }, (_, i) => Number(i === task));
    const place = copies.indexOf(task);
    const row =
      place < 0
        ? new Array<number>(length).fill(0)
        : Array.from(found.subarray(place * length, (place + 1) * length));
    expect(plain(row)).toEqual(plain(await at(unit)));
  }
  expect(plain(total)).toEqual(plain(await at(new Array<number>(size).fill(1))));
}

/** −0 is 0 here. */
const plain = (values: ArrayLike<number>): readonly number[] => Array.from(values, (x) => x + 0);

describe("the rules of the vectorised Jacobian", () => {
  // All numbers are small whole ones and halves: sums in any order are exact.
  it("give what the graph is worth at every unit vector, for random graphs of linear ops", async () => {
    await fc.assert(fc.asyncProperty(fc.constantFrom(...TASKS), steps(ORDINARY), compare), {
      numRuns: 500,
    });
  });

  it("also where an op is not linear in w, or joins two values that depend on it", async () => {
    await fc.assert(fc.asyncProperty(fc.constantFrom(...TASKS), steps(ALL), compare), {
      numRuns: 250,
    });
  });

  it("are all met by these graphs", () => {
    const met = new Set<string>();
    for (const program of fc.sample(steps(ALL), { numRuns: 500, seed: 1 })) {
      const graph = new Graph();
      const grown = grow(graph, graph.view("units", 5, [3]), program);
      for (const { op } of grown) met.add(op);
    }
    expect([...met]).toEqual(
      expect.arrayContaining([
        ...["Neg", "Mul", "Div", "Where", "Expand", "Reshape", "Transpose", "Slice", "Pad"],
        ...["Gather", "ScatterAdd", "ReduceSum", "CumSum", "MatMul"],
        ...["Conv", "ConvTranspose", "AveragePool", "Add", "Sub", "Concat"],
      ]),
    );
  });
});
