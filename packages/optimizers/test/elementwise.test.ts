import type { OptimizerPlugin, ParameterInfo } from "@polytask/core";
import {
  adam,
  adamw,
  constant,
  cosine,
  exponentialDecay,
  momentum,
  stepDecay,
} from "@polytask/optimizers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drive, info, makeElementwise, worst } from "./support.ts";

const ALL: readonly (readonly [string, (learningRate: number) => OptimizerPlugin])[] = [
  ["momentum", (learningRate) => momentum({ learningRate })],
  ["adam", (learningRate) => adam({ learningRate })],
  ["adamw", (learningRate) => adamw({ learningRate })],
];

describe.each(ALL)("%s", (_name, make) => {
  it("treats every element alone", async () => {
    const row = fc.array(fc.float({ min: -10, max: 10, noNaN: true }), {
      minLength: 3,
      maxLength: 3,
    });
    await fc.assert(
      fc.asyncProperty(
        row,
        fc.array(row, { minLength: 1, maxLength: 4 }),
        async (start, gradients) => {
          const together = await drive(make(0.1), start, gradients);
          for (const i of [0, 1, 2]) {
            const alone = await drive(
              make(0.1),
              [start[i]],
              gradients.map((g) => [g[i]]),
            );
            expect(alone.map(([x]) => x)).toEqual(together.map((values) => values[i]));
          }
        },
      ),
      { seed: 1, numRuns: 20 },
    );
  });

  it("leaves value, slots and count alone in steps without its tasks", async () => {
    const gradients = [
      [1, -2],
      [0.5, 3],
      [-1, 0.1],
    ];
    const through = await drive(make(0.1), [1, 2], gradients);
    const [a, none, b, , c] = await drive(
      make(0.1),
      [1, 2],
      [gradients[0], null, gradients[1], null, gradients[2]],
    );
    expect(none).toEqual(a);
    expect([a, b, c]).toEqual(through);
  });

  it("shares nothing between two trainers", async () => {
    const plugin = make(0.1);
    const first = await drive(
      plugin,
      [1, 2],
      [
        [1, -2],
        [0.5, 3],
      ],
    );
    expect(
      await drive(
        plugin,
        [1, 2],
        [
          [1, -2],
          [0.5, 3],
        ],
      ),
    ).toEqual(first);
  });
});

describe("adam", () => {
  it("steps by the learning rate at first, whatever the gradient's scale", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 1e-4, max: 1e4, noNaN: true }),
        fc.double({ min: 1e-4, max: 1, noNaN: true }),
        async (scale, learningRate) => {
          const [[up, down]] = await drive(
            adam({ learningRate, epsilon: 1e-12 }),
            [0, 0],
            [[-scale, scale]],
          );
          expect(up / learningRate).toBeCloseTo(1, 5);
          expect(down / learningRate).toBeCloseTo(-1, 5);
        },
      ),
      { seed: 2, numRuns: 50 },
    );
  });

  it("corrects its bias in float64, late in training too", async () => {
    const { scalars } = await makeElementwise(adam());
    // 1 − 0.999 in float32 is 0.00100004673; in float64 it is right to 16 digits.
    const [step, root] = scalars({ count: 1, rate: 1, parameter: info() });
    expect(step).toBeCloseTo(10, 12);
    expect(root ** 2).toBeCloseTo(0.001, 15);
    expect(scalars({ count: 1e6, rate: 0.25, parameter: info() })).toEqual([0.25, 1]);
  });
});

describe("a schedule", () => {
  it("sets the rate of each step", async () => {
    const rates = [0.5, 0, 2];
    const optimizer = momentum({ learningRate: (step) => rates[step], momentum: 0 });
    expect(await drive(optimizer, [0], [[1], [1], [1]])).toEqual([[-0.5], [-0.5], [-2.5]]);
    expect((await makeElementwise(optimizer)).rate(2)).toBe(2);
  });

  it("is not believed when it gives nonsense", async () => {
    for (const bad of [-1, NaN, Infinity]) {
      const { rate } = await makeElementwise(adam({ learningRate: () => bad }));
      expect(() => rate(7)).toThrow(/learningRate.*step 7/);
    }
  });

  it("that warms up reaches its peak at step `warmup` and never leaves [floor, peak]", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 50 }),
        fc.integer({ min: 1, max: 100 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (warmup, rest, floor) => {
          const total = warmup + rest;
          const schedule = cosine({ peak: 1, warmup, total, floor });
          const rates = Array.from({ length: total + 3 }, (_, step) => schedule(step));
          expect(rates[warmup]).toBe(1);
          expect(rates.slice(total)).toEqual([floor, floor, floor]);
          for (let s = 1; s <= warmup; s++) expect(rates[s]).toBeGreaterThan(rates[s - 1]);
          for (let s = warmup + 1; s < total; s++)
            expect(rates[s]).toBeLessThanOrEqual(rates[s - 1]);
          expect(Math.min(...rates.slice(warmup))).toBeGreaterThanOrEqual(floor);
        },
      ),
      { seed: 3 },
    );
  });

  it("of a constant rate is that rate", () => {
    expect([0, 1, 1e9].map(constant(0.3))).toEqual([0.3, 0.3, 0.3]);
  });

  it("can fall over several steps at a time", () => {
    const schedule = exponentialDecay({ rate: 1, factor: 0.25, every: 2 });
    expect([0, 1, 2, 4].map(schedule)).toEqual([1, 0.5, 0.25, 0.0625]);
  });
});

describe("groups", () => {
  const tables = { where: (parameter: ParameterInfo) => parameter.layout === "rows" };

  it.each([
    [
      "momentum",
      momentum({ learningRate: 0.1, groups: [{ ...tables, rate: 3 }] }),
      momentum({ learningRate: 0.3 }),
    ],
    [
      "adam",
      adam({ learningRate: 0.1, groups: [{ ...tables, rate: 3 }] }),
      adam({ learningRate: 0.3 }),
    ],
    [
      "adamw",
      adamw({ learningRate: 0.1, groups: [{ ...tables, rate: 3 }] }),
      adamw({ learningRate: 0.3 }),
    ],
  ])("multiply the rate of the parameters they take: %s", async (name, grouped, faster) => {
    const gradients = [
      [1, -2],
      [0.5, 3],
    ];
    const inside = await drive(grouped, [1, 2], gradients, info({ layout: "rows" }));
    const expected = await drive(faster, [1, 2], gradients);
    // 0.1·3 and 0.3 differ in the last digit of a float64.
    expect(worst(inside, expected, 1e-3)).toBeLessThan(1e-6);
    const outside = await drive(grouped, [1, 2], gradients);
    expect(worst(outside, expected, 1e-3), name).toBeGreaterThan(1e-3);
  });

  it("freeze with rate 0, decay included", async () => {
    const frozen = adamw({
      learningRate: 0.1,
      weightDecay: 0.5,
      groups: [{ where: () => true, rate: 0 }],
    });
    expect(await drive(frozen, [1, 2], [[1, -2]])).toEqual([[1, 2]]);
  });

  it("take a parameter in their own order", async () => {
    const optimizer = momentum({
      learningRate: 1,
      momentum: 0,
      groups: [
        { where: ({ name }) => name.endsWith("kernel"), rate: 2 },
        { where: () => true, rate: 3 },
      ],
    });
    expect(await drive(optimizer, [0], [[-1]])).toEqual([[2]]);
    expect(await drive(optimizer, [0], [[-1]], info({ name: "architecture/bias" }))).toEqual([[3]]);
  });
});

describe("weight decay", () => {
  // A gradient of 0 leaves Adam's own step at 0, so what is left is the decay alone: 1 − 0.1·λ.
  const decayed = async (optimizer: OptimizerPlugin, parameter = info()): Promise<number> => {
    const [[value]] = await drive(optimizer, [1], [[0]], parameter);
    return value;
  };

  it("takes every parameter of encoder and architecture, biases too, as PyTorch does", async () => {
    const optimizer = adamw({ learningRate: 0.1, weightDecay: 0.5 });
    for (const parameter of [
      info(),
      info({ owner: "encoder", layout: "rows" }),
      info({ name: "b", role: "tower/0/bias" }),
    ]) {
      expect(await decayed(optimizer, parameter)).toBeCloseTo(0.95, 6);
    }
  });

  it("never takes a variable of a weighting or a regularizer", async () => {
    for (const owner of ["weighting", "regularizer"] as const) {
      const everywhere = { where: () => true, weightDecay: 0.5 };
      expect(await decayed(adamw({ learningRate: 0.1, weightDecay: 0.5 }), info({ owner }))).toBe(
        1,
      );
      expect(
        await decayed(adamw({ learningRate: 0.1, groups: [everywhere] }), info({ owner })),
      ).toBe(1);
      expect(
        await decayed(adamw({ learningRate: 0.1, weightDecay: () => 0.5 }), info({ owner })),
      ).toBe(1);
    }
  });

  it("can be chosen by parameter or by group", async () => {
    const kernels = adamw({
      learningRate: 0.1,
      weightDecay: ({ role = "" }) => (role.endsWith("bias") ? 0 : 0.5),
    });
    expect(await decayed(kernels, info({ role: "tower/0/bias" }))).toBe(1);
    expect(await decayed(kernels, info({ role: "tower/0/kernel" }))).toBeCloseTo(0.95, 6);
    const grouped = adamw({
      learningRate: 0.1,
      weightDecay: 0.5,
      groups: [{ where: ({ layout }) => layout === "rows", weightDecay: 2 }],
    });
    expect(await decayed(grouped, info({ layout: "rows" }))).toBeCloseTo(0.8, 6);
    expect(await decayed(grouped)).toBeCloseTo(0.95, 6);
  });

  it("is decoupled: it does not depend on the gradient", async () => {
    const step = async (gradient: number): Promise<number> => {
      const [[plain]] = await drive(adam({ learningRate: 0.1 }), [1], [[gradient]]);
      const [[with_]] = await drive(
        adamw({ learningRate: 0.1, weightDecay: 0.5 }),
        [1],
        [[gradient]],
      );
      return with_ - plain;
    };
    for (const gradient of [1e-3, 1, 1e3]) expect(await step(gradient)).toBeCloseTo(-0.05, 6);
  });
});

describe("clip", () => {
  it("goes to the engine as it is", async () => {
    for (const make of [momentum, adam, adamw]) {
      expect((await makeElementwise(make({ clip: { norm: 1, value: 0.5 } }))).clip).toEqual({
        norm: 1,
        value: 0.5,
      });
      expect(await makeElementwise(make())).not.toHaveProperty("clip");
    }
  });
});

describe("bad options", () => {
  it.each([
    ["learningRate 0", () => adam({ learningRate: 0 })],
    ["learningRate NaN", () => momentum({ learningRate: NaN })],
    ["learningRate infinite", () => adamw({ learningRate: Infinity })],
    ["beta1 of 1", () => adam({ beta1: 1 })],
    ["beta2 below 0", () => adamw({ beta2: -0.1 })],
    ["epsilon 0", () => adam({ epsilon: 0 })],
    ["momentum of 1", () => momentum({ momentum: 1 })],
    ["clip.norm 0", () => adam({ clip: { norm: 0 } })],
    ["clip.value below 0", () => momentum({ clip: { value: -1 } })],
    ["weightDecay below 0", () => adamw({ weightDecay: -1 })],
    [
      "weightDecay NaN in a group",
      () => adamw({ groups: [{ where: () => true, weightDecay: NaN }] }),
    ],
    ["rate below 0 in a group", () => adam({ groups: [{ where: () => true, rate: -1 }] })],
    ["constant 0", () => constant(0)],
    ["every 0", () => stepDecay({ rate: 1, every: 0 })],
    ["every 1.5", () => exponentialDecay({ rate: 1, factor: 0.5, every: 1.5 })],
    ["factor 0", () => stepDecay({ rate: 1, every: 1, factor: 0 })],
    ["peak 0", () => cosine({ peak: 0, total: 1 })],
    ["floor above the peak", () => cosine({ peak: 1, total: 1, floor: 2 })],
    ["warmup below 0", () => cosine({ peak: 1, total: 1, warmup: -1 })],
    ["total not above warmup", () => cosine({ peak: 1, total: 5, warmup: 5 })],
  ])("%s", (_title, make) => {
    expect(make).toThrow("POLYTASK_OPTION");
  });

  it("a weight decay function that gives nonsense", async () => {
    const { scalars } = await makeElementwise(adamw({ weightDecay: () => NaN }));
    expect(() => scalars({ count: 1, rate: 1, parameter: info() })).toThrow("weightDecay");
  });
});

it("exports these names and no others", async () => {
  expect(Object.keys(await import("@polytask/optimizers")).sort()).toEqual([
    "adam",
    "adamw",
    "constant",
    "cosine",
    "exponentialDecay",
    "fromTfOptimizer",
    "momentum",
    "stepDecay",
  ]);
});
