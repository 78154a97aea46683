/** The second half of a step by hand: three parameters, of two tasks, of one, and of the weighting. */
import { sgd, type Clip, type ElementwiseOptimizer, type Network } from "@polytask/core";
import {
  COMBINED_SPACE,
  type CombinedWish,
  type Layout,
  rowsSpace,
  SPACE,
  traceApply,
  UPDATE_SPACE,
} from "@polytask/graph";
import { describe, expect, it } from "vitest";
import { evaluate } from "./evaluate.ts";

const parameter = (index: number, size: number, tasks: readonly string[]) => {
  const info = { name: `p${index}`, shape: [size], layout: "dense", tasks };
  return { tasks, info, variable: { shape: [size], size } };
};
const [shared, own, extra] = [
  parameter(0, 2, ["a", "b"]),
  parameter(1, 3, ["b"]),
  parameter(2, 1, ["a"]),
];
const placed = (of: typeof shared, at: number) => {
  return { of, variable: of.variable, at, size: of.variable.size };
};
const network = { tasks: ["a", "b"], parameters: [shared, own] } as unknown as Network;
const layout = {
  parameters: [placed(shared, 0), placed(own, 2), placed(extra, 5)],
  parameterSize: 6,
  jacobian: [{ ...placed(shared, 0), rows: [0, 1], index: 0, parameterAt: 0 }],
} as unknown as Layout;

const memories: Readonly<Record<string, readonly number[]>> = {
  [SPACE.parameters]: [1, 2, 3, 4, 5, 6],
  [rowsSpace(0)]: [1, 2, 3, 4],
  [SPACE.mixing]: [2, -1],
  [COMBINED_SPACE.weights]: [7, 0.5],
  [UPDATE_SPACE.gradients]: [NaN, NaN, 2, 4, 6, 8],
  [COMBINED_SPACE.rest]: [10, 20, 30, 40, 50, 60],
  [COMBINED_SPACE.moves]: [1, 0, 1],
  [UPDATE_SPACE.scalars]: [1, 1, 1],
};

/** Gradient descent of rate 1: parameters minus what moves them. */
const optimizer = async (clip?: Clip): Promise<ElementwiseOptimizer> => ({
  ...((await sgd().create({} as never)) as ElementwiseOptimizer),
  ...(clip && { clip }),
});

/** By how much parameters have moved, and the magnitudes. */
async function moves(
  wish: CombinedWish & { readonly groups?: readonly (readonly number[])[] },
  { clip, of = memories }: { readonly clip?: Clip; readonly of?: typeof memories } = {},
) {
  const step = traceApply(network, await optimizer(clip), layout, 1, wish);
  const nodes = [...step.updated.map(({ value }) => value), step.magnitudes];
  const found = await evaluate(nodes, (space) => Float32Array.from(of[space]));
  const values = found.slice(0, -1).flatMap((part) => [...part]);
  return {
    moved: values.map((value, i) => memories[SPACE.parameters][i] - value),
    magnitudes: [...found[found.length - 1]],
  };
}

const together = { groups: [[0], [1], [2]] };

describe("the combined gradient", () => {
  it("is rows by the mixture, own ones by their task's weight, the weighting's as it is", async () => {
    const found = await moves({ rows: true, stored: true, rest: false, ...together });
    // 2·[1, 2] − [3, 4]; half of [2, 4, 6]; 8.
    expect(found).toEqual({ moved: [-1, 0, 1, 2, 3, 8], magnitudes: [1, 6, 8] });
  });

  it("is what was combined already where rows were not kept, own ones by their task's weight", async () => {
    const found = await moves(
      { rows: true, stored: false, rest: true, ...together },
      { of: { ...memories, [UPDATE_SPACE.gradients]: [5, 7, 2, 4, 6, 8] } },
    );
    expect(found.moved).toEqual([15, 27, 31, 42, 53, 68]);
  });

  it("and penalties", async () => {
    const { moved } = await moves({ rows: true, stored: true, rest: true, ...together });
    expect(moved).toEqual([9, 20, 31, 42, 53, 68]);
  });

  it("of neighbours as one", async () => {
    const found = await moves({ rows: true, stored: true, rest: false, groups: [[0, 1], [2]] });
    expect(found).toEqual({ moved: [-1, 0, 1, 2, 3, 8], magnitudes: [7, 8] });
  });

  it("leaves a parameter that does not move, whatever its gradient", async () => {
    const { moved } = await moves({ rows: true, stored: true, rest: true });
    expect(moved).toEqual([9, 20, 0, 0, 0, 68]);
  });
});

describe("clipping", () => {
  it("limits the norm of all together", async () => {
    const { moved } = await moves(
      { rows: true, stored: true, rest: false, ...together },
      { clip: { norm: 1 } },
    );
    const length = Math.sqrt(1 + 1 + 4 + 9 + 64);
    [-1, 0, 1, 2, 3, 8].forEach((value, i) => {
      expect(moved[i]).toBeCloseTo(value / length, 5);
    });
  });

  it("counts what moves alone, and leaves a short gradient as it is", async () => {
    const wish = { rows: true, stored: true, rest: false };
    const { moved } = await moves(wish, { clip: { norm: Math.sqrt(65) / 2 } });
    [-0.5, 0, 0, 0, 0, 4].forEach((value, i) => {
      expect(moved[i]).toBeCloseTo(value, 5);
    });
    expect((await moves(wish, { clip: { norm: 8.07 } })).moved).toEqual([-1, 0, 0, 0, 0, 8]);
  });

  it("cuts elements; magnitudes are of before", async () => {
    const found = await moves(
      { rows: true, stored: true, rest: false, ...together },
      { clip: { value: 1.5 } },
    );
    expect(found).toEqual({ moved: [-1, 0, 1, 1.5, 1.5, 1.5], magnitudes: [1, 6, 8] });
  });
});
