import { CONTRACT, identity, PolytaskError, type SurgeryPlugin } from "@polytask/core";
import {
  applySurgery,
  expectAllClose,
  expectNoLeak,
  prepareSurgery,
  samples,
} from "@polytask/testkit";
import { applySurgery as alone } from "@polytask/testkit/apply";
import { expect, test } from "vitest";
import { everyProjection } from "./reference.ts";
import { projection } from "./right/projection.ts";
import { unitRows } from "./right/unit-rows.ts";

const jacobian = [
  [-4, 1, 1],
  [6, 1, 1],
];

const codeOf = async (call: Promise<unknown>): Promise<string> => {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof PolytaskError ? error.code : `not coded: ${String(error)}`;
};

test("the combined gradient is the sum of the edited rows, in float64", async () => {
  expect(await applySurgery(identity(), jacobian)).toEqual([2, 2, 2]);
  const tiny = [
    [1, 1e-12],
    [1e-12, 1],
  ];
  expect(await applySurgery(identity(), tiny)).toEqual([1 + 1e-12, 1 + 1e-12]);
  // (1 + 22/18)·g₁ + (1 + 22/38)·g₂, by hand.
  expectAllClose(
    await applySurgery(projection(), jacobian),
    [0.584795321637, 3.801169590643, 3.801169590643],
  );
});

test("two surgeries run one after another, each on what the one before left", async () => {
  const halves: SurgeryPlugin = {
    ...identity(),
    create: () => ({
      mix: ({ gramian }) => gramian.map((_, i) => gramian.map((_, j) => (i === j ? 0.5 : 0))),
    }),
  };
  expect(await applySurgery([halves, halves], jacobian)).toEqual([0.5, 0.5, 0.5]);
  const seen: number[] = [];
  const onlooker: SurgeryPlugin = {
    ...identity(),
    create: () => ({
      mix: ({ gramian }) => (
        seen.push(gramian[0][0]),
        [
          [1, 0],
          [0, 1],
        ]
      ),
    }),
  };
  await applySurgery([halves, onlooker], jacobian);
  expect(seen).toEqual([18 / 4]);
});

test("surgeries on tensors give the same in float32", async () => {
  const expected = jacobian.map((row) => row.map((x) => x / Math.hypot(...row)));
  expectAllClose(
    await applySurgery(unitRows(), jacobian),
    expected[0].map((x, i) => x + expected[1][i]),
    { relative: 1e-5, absolute: 1e-6 },
  );
});

test("a seed gives one result, and seeds give all there are", async () => {
  const three = [
    [2, -1, 0.3],
    [-1.5, 2, -0.7],
    [-0.4, -1.1, 1.9],
  ];
  const results = new Set<string>();
  for (let seed = 0; seed < 100; seed++) {
    const [one, two] = [
      await applySurgery(projection(), three, { seed }),
      await applySurgery(projection(), three, { seed }),
    ];
    expect(one).toEqual(two);
    results.add(one.map((x) => x.toFixed(9)).join());
  }
  expect(results.size).toBe(everyProjection(three).length);
});

test("raw losses, tasks, blocks and step numbers reach the surgery", async () => {
  const seen: unknown[] = [];
  const onlooker: SurgeryPlugin = {
    kind: "surgery",
    name: "surgery-onlooker",
    contract: CONTRACT,
    create: () => ({
      blocks: (parameters) => [parameters.slice(1), parameters.slice(0, 1)],
      mix: ({ losses, present, block, step, gramian }) => {
        seen.push([...losses, ...present, block, step, gramian[0][0]]);
        return [
          [1, 0],
          [0, 1],
        ];
      },
    }),
  };
  const run = await prepareSurgery(onlooker, { tasks: 3, sizes: [1, 2] });
  await run.step(jacobian, { losses: [7, 8], present: [0, 2] });
  await run.step(jacobian);
  run.dispose();
  expect(seen).toEqual([
    [7, 8, "a", "c", 0, 0, 2],
    [7, 8, "a", "c", 1, 0, 16],
    [1, 1, "a", "b", 0, 1, 2],
    [1, 1, "a", "b", 1, 1, 16],
  ]);
});

test("bad input is refused with a code", async () => {
  expect(await codeOf(applySurgery(identity(), []))).toBe("POLYTASK_DATA");
  expect(await codeOf(applySurgery(identity(), [[]]))).toBe("POLYTASK_DATA");
  expect(await codeOf(applySurgery(identity(), [[1, 2], [3]]))).toBe("POLYTASK_DATA");
  expect(await codeOf(applySurgery(identity(), [[1, NaN]]))).toBe("POLYTASK_DATA");
  expect(await codeOf(applySurgery(identity(), [[1, Infinity]]))).toBe("POLYTASK_DATA");
  expect(await codeOf(applySurgery([], jacobian))).toBe("POLYTASK_OPTION");
  expect(await codeOf(applySurgery(identity(), jacobian, { losses: [1] }))).toBe("POLYTASK_OPTION");
  const neither: SurgeryPlugin = { ...identity(), create: () => ({}) };
  expect(await codeOf(applySurgery(neither, jacobian))).toBe("POLYTASK_BROKEN_PART");
  const narrow: SurgeryPlugin = { ...identity(), create: () => ({ mix: () => [[1]] }) };
  expect(await codeOf(applySurgery(narrow, jacobian))).toBe("POLYTASK_BROKEN_PART");
  const half: SurgeryPlugin = {
    ...identity(),
    create: () => ({ blocks: () => [], mix: () => [] }),
  };
  expect(await codeOf(applySurgery(half, jacobian))).toBe("POLYTASK_BROKEN_PART");
});

test("it leaves no tensor behind, and is the same function without vitest", async () => {
  for (const sample of samples().slice(0, 6)) {
    await expectNoLeak(() => applySurgery(unitRows(), sample.jacobian));
    await expectNoLeak(() => applySurgery(projection(), sample.jacobian));
  }
  expect(alone).toBe(applySurgery);
});
