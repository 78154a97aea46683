import { beforeAll, describe, expect, it } from "vitest";
import fc from "fast-check";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import { type Columns, type Encoder, PolytaskError, type Rows } from "@polytask/core";
import { expectNoLeak, sampleTasks, testScope, testStep } from "@polytask/testkit";
import { features, fittedFeatures, type FittedFeatures } from "@polytask/features";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

const train = {
  budget: [10, null, 30, 20, NaN, 40],
  year: Int32Array.from([1990, 1991, 1992, 1993, 1994, 1995]),
  mpaa: ["R", "PG", "R", undefined, "R", "PG"],
};
const movies = features({ numeric: ["budget", "year"], categorical: { mpaa: { dimension: 3 } } });

const codeOf = async (run: () => unknown): Promise<{ code: string; message: string }> => {
  try {
    await run();
  } catch (error) {
    if (error instanceof PolytaskError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("nothing was thrown");
};

/** Prepared columns of all rows as tensors; a tidy's. */
const upload = (columns: Readonly<Record<string, Rows>>): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(columns).map(([name, { values, shape, dtype }]) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return [name, tf.tensor(values, [values.length / size, ...shape], dtype)];
    }),
  );

async function encodeWith(fitted: FittedFeatures, inputs: Columns): Promise<number[][]> {
  const scope = testScope(sampleTasks);
  const encoder = fitted.create(scope);
  const columns = await encoder.prepare(inputs);
  const y = tf.tidy(() => {
    const { pass } = testStep<"a" | "b" | "c">();
    return encoder.encode(upload(columns), pass(["a", "b", "c"])) as Tensor;
  });
  const rows = (await y.array()) as number[][];
  y.dispose();
  scope.dispose();
  return rows;
}

const tableOf = async <Name extends string>(
  encoder: Encoder<Name>,
  name: string,
): Promise<number[][]> => {
  const table = encoder.parameters.find((parameter) => parameter.name === `${name}/table`);
  return (await (table?.variable as Tensor).array()) as number[][];
};

describe("fitting", () => {
  it("learns means, deviations with divisor n, and words by frequency", async () => {
    const { statistics, width } = await movies.fit(train);
    // By hand: budgets 10, 20, 30, 40 have mean 25 and variance 125; years 1990 … 1995 mean 1992.5, variance 35/12.
    expect(statistics.numeric).toEqual([
      { name: "budget", mean: 25, deviation: Math.sqrt(125), indicator: true },
      {
        name: "year",
        mean: 1992.5,
        deviation: expect.closeTo(Math.sqrt(35 / 12), 12) as number,
        indicator: false,
      },
    ]);
    expect(statistics.categorical).toEqual([
      { name: "mpaa", words: ["R", "PG", null], dimension: 3 },
    ]);
    expect(width).toBe(2 + 1 + 3);
  });

  it("takes a data set as well as columns, and a column may be called labels or inputs", async () => {
    const { statistics } = await movies.fit({ inputs: train, labels: { a: [1] } });
    expect(statistics).toEqual((await movies.fit(train)).statistics);
    const odd = features({ numeric: ["inputs", "labels"] });
    expect((await odd.fit({ inputs: [1, 3], labels: [0, 0] })).statistics.numeric[0].mean).toBe(2);
    expect(
      (await odd.fit({ inputs: { inputs: [1, 3], labels: [0, 0] }, labels: {} })).statistics
        .numeric[0].mean,
    ).toBe(2);
  });

  it("reads tensors, and leaves them alone", async () => {
    await expectNoLeak(async () => {
      const column = tf.tensor1d([1, NaN, 3]);
      const word = tf.tensor1d(["x", "y", "x"], "string");
      const fitted = await features({ numeric: ["column"], categorical: { word: {} } }).fit({
        column,
        word,
      });
      expect(fitted.statistics.numeric[0]).toMatchObject({
        mean: 2,
        deviation: 1,
        indicator: true,
      });
      expect(fitted.statistics.categorical[0].words).toEqual(["x", "y"]);
      tf.dispose([column, word]);
    });
  });

  it("standardised training columns have mean 0 and deviation 1, whatever their offset and scale", async () => {
    const values = fc.array(
      fc.option(fc.integer({ min: -1000, max: 1000 }), { nil: null, freq: 5 }),
      {
        minLength: 2,
        maxLength: 60,
      },
    );
    await fc.assert(
      fc.asyncProperty(
        values,
        fc.integer({ min: -1e6, max: 1e6 }),
        fc.constantFrom(1e-6, 1, 1e9),
        async (list, offset, scale) => {
          const x = list.map((value) => (value === null ? null : (value + offset) * scale));
          const known = new Set(x.filter((value) => value !== null));
          fc.pre(known.size > 1);
          const fitted = await features({ numeric: ["x"], indicators: false }).fit({ x });
          const rows = (await encodeWith(fitted, { x })).map(([value]) => value);
          const there = rows.filter((_, i) => x[i] !== null);
          const mean = there.reduce((a, b) => a + b, 0) / there.length;
          const square = there.reduce((a, b) => a + b * b, 0) / there.length;
          expect(Math.abs(mean)).toBeLessThan(1e-6);
          expect(Math.abs(square - 1)).toBeLessThan(1e-5);
          rows.forEach((value, i) => {
            if (x[i] === null) expect(value).toBe(0);
          });
        },
      ),
      { seed: 1, numRuns: 60 },
    );
  });

  it("a column that never varies becomes 0, also where its mean is not exact", async () => {
    const x = Array.from({ length: 10 }, () => 0.1);
    const fitted = await features({ numeric: ["x"] }).fit({ x });
    expect(fitted.statistics.numeric[0]).toEqual({
      name: "x",
      mean: 0.1,
      deviation: 1,
      indicator: false,
    });
    expect((await encodeWith(fitted, { x })).flat()).toEqual(x.map(() => 0));
  });

  it("orders words by count, ties by code units, whatever the order of the rows", async () => {
    const words = ["b", "a", "c", "a", "b", "d", null, "Z"];
    const encoder = features({ categorical: { w: {} } });
    const { statistics } = await encoder.fit({ w: words });
    expect(statistics.categorical[0].words).toEqual(["a", "b", "Z", "c", "d", null]);
    expect((await encoder.fit({ w: [...words].reverse() })).statistics).toEqual(statistics);
  });

  it("gives rare words, and missing values that are rare, to the unknown bucket", async () => {
    const encoder = features({ categorical: { w: { minCount: 2 } } });
    const { statistics } = await encoder.fit({ w: ["a", "a", "b", null] });
    expect(statistics.categorical[0].words).toEqual(["a"]);
  });

  it("chooses dimensions by min(50, ⌈1.6·rows^0.56⌉)", async () => {
    // Rows = words + 1: 2 → ⌈2.36⌉, 13 → ⌈6.73⌉, 5001 → 50.
    for (const [words, dimension] of [
      [1, 3],
      [12, 7],
      [5000, 50],
    ]) {
      const w = Array.from({ length: words }, (_, i) => i);
      const { statistics } = await features({ categorical: { w: {} } }).fit({ w });
      expect(statistics.categorical[0].dimension).toBe(dimension);
    }
  });
});

describe("encoding", () => {
  it("equals plain numbers", async () => {
    const fitted = await movies.fit(train);
    const test = { budget: [50, undefined], year: [2000, 1990], mpaa: ["PG", "never seen"] };
    const scope = testScope(sampleTasks);
    const table = await tableOf(fitted.create(scope), "mpaa");
    scope.dispose();
    const sd = Math.sqrt(35 / 12);
    const expected = [
      [25 / Math.sqrt(125), 0, 7.5 / sd, ...table[2]],
      [0, 1, -2.5 / sd, ...table[0]],
    ];
    (await encodeWith(fitted, test)).forEach((row, i) => {
      row.forEach((value, j) => {
        expect(value).toBeCloseTo(expected[i][j], 6);
      });
    });
  });

  it("maps words that training did not show to row 0, which starts at zero, and all others to rows of their own", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom("a", "b", "c", 7, true, null), { minLength: 1, maxLength: 20 }),
        fc.array(fc.constantFrom("a", "b", "c", "7", "true", "new", undefined, false), {
          minLength: 1,
          maxLength: 20,
        }),
        async (seen, asked) => {
          const fitted = await features({ categorical: { w: {} } }).fit({ w: seen });
          const scope = testScope(sampleTasks);
          const encoder = fitted.create(scope);
          const { values } = (await encoder.prepare({ w: asked }))["w"];
          scope.dispose();
          const known = new Set(seen.map((word) => (word === null ? null : String(word))));
          asked.forEach((word, i) => {
            const key = word === undefined ? null : String(word);
            if (!known.has(key)) expect(values[i]).toBe(0);
            else expect(fitted.statistics.categorical[0].words[values[i] - 1]).toBe(key);
          });
        },
      ),
      { seed: 2, numRuns: 100 },
    );
    const fitted = await movies.fit(train);
    const scope = testScope(sampleTasks);
    const table = await tableOf(fitted.create(scope), "mpaa");
    scope.dispose();
    expect(table[0]).toEqual([0, 0, 0]);
    expect(
      table
        .slice(1)
        .flat()
        .every((value) => value !== 0),
    ).toBe(true);
  });

  it("starts words with vectors of expected squared length 1, from the scope's stream alone", async () => {
    const w = Array.from({ length: 2000 }, (_, i) => i);
    const fitted = await features({ categorical: { w: { dimension: 5 } } }).fit({ w });
    const read = async (seed: number): Promise<number[][]> => {
      const scope = testScope(sampleTasks, { seed });
      const table = await tableOf(fitted.create(scope), "w");
      scope.dispose();
      return table;
    };
    const table = await read(1);
    const mean =
      table
        .slice(1)
        .flat()
        .reduce((sum, value) => sum + value * value, 0) / 2000;
    // The sum of 10,000 squared draws from N(0, 1/5) over 2,000 has deviation √(2·10,000)/5/2,000 = 0.014.
    expect(Math.abs(mean - 1)).toBeLessThan(0.06);
    expect(await read(1)).toEqual(table);
    expect(await read(2)).not.toEqual(table);
  });

  it("trains tables as rows of all tasks; the gradient adds up over repeated words", async () => {
    const fitted = await movies.fit(train);
    const scope = testScope(sampleTasks);
    const encoder = fitted.create(scope);
    const [table] = encoder.parameters;
    expect(encoder.parameters).toHaveLength(1);
    expect(table).toMatchObject({ name: "mpaa/table", tasks: ["a", "b", "c"], layout: "rows" });
    const columns = await encoder.prepare(train);
    const ids = Array.from(columns["mpaa"].values);
    const start = (await table.variable.data()).slice();
    const weights = tf.randomUniform([ids.length, 6], -1, 1, "float32", 3);
    const w = (await weights.array()) as number[][];

    await expectNoLeak(async () => {
      const { value, grads } = tf.variableGrads(() => {
        const { pass } = testStep<"a" | "b" | "c">();
        const x = encoder.encode(upload(columns), pass(["a", "b", "c"])) as Tensor;
        return tf.sum(tf.mul(tf.square(x), weights));
      }, [table.variable]);
      const gradient = await grads[table.variable.name].data();
      tf.dispose([value, grads]);
      // ∂Σ w_ij·x_ij²/∂E_rd = Σ over examples of word r of 2·w_i,3+d·E_rd; the table's columns are the last three.
      const expected = start.map((value, at) => {
        const [row, d] = [Math.floor(at / 3), at % 3];
        return ids.reduce((sum, id, i) => sum + (id === row ? 2 * w[i][3 + d] * value : 0), 0);
      });
      expected.forEach((value, i) => {
        expect(gradient[i]).toBeCloseTo(value, 5);
      });
    });
    weights.dispose();
    scope.dispose();
  });

  it("shares nothing between two trainers, and leaves no tensor", async () => {
    const fitted = await movies.fit(train);
    await expectNoLeak(async () => {
      const [one, two] = [testScope(sampleTasks), testScope(sampleTasks)];
      const [first, second] = [fitted.create(one), fitted.create(two)];
      expect(first.parameters[0].variable).not.toBe(second.parameters[0].variable);
      await encodeWith(fitted, train);
      one.dispose();
      two.dispose();
    });
  });

  it("encodes numbers alone, and a vocabulary without words", async () => {
    expect(
      await encodeWith(await features({ numeric: ["x"] }).fit({ x: [0, 2] }), { x: [1, 4] }),
    ).toEqual([[0], [3]]);
    const none = await features({ categorical: { w: { minCount: 5, dimension: 2 } } }).fit({
      w: ["a"],
    });
    expect(await encodeWith(none, { w: ["a", "b"] })).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });
});

describe("statistics", () => {
  it("make the encoder again, through JSON", async () => {
    const fitted = await movies.fit(train);
    const again = fittedFeatures(
      JSON.parse(JSON.stringify(fitted.statistics)) as FittedFeatures["statistics"],
    );
    expect(again.width).toBe(fitted.width);
    expect(await encodeWith(again, train)).toEqual(await encodeWith(fitted, train));
  });

  it("are restored where the sizes agree, and refused without a change where they do not", async () => {
    const scope = testScope(sampleTasks);
    const elsewhere = {
      ...train,
      budget: [1, 2, 3, null, 5, 6],
      mpaa: ["G", "G", "R", "R", "PG", "R"],
    };
    const other = await movies.fit(elsewhere);
    const source = other.create(scope);
    const target = (await movies.fit(train)).create(scope);
    const saved = source.state?.() ?? null;
    target.restore?.(saved);
    expect(target.state?.()).toEqual(other.statistics);
    expect(await target.prepare(train)).toEqual(await source.prepare(train));

    const smaller = (await movies.fit({ ...train, mpaa: train.mpaa.map(() => "R") })).create(scope);
    const noIndicator = (await movies.fit({ ...train, budget: [1, 2, 3, 4, 5, 6] })).create(scope);
    for (const [bad, words] of [
      [smaller.state?.() ?? null, '"mpaa" of 1 words × 3'],
      [noIndicator.state?.() ?? null, 'it has "budget" in the place of "budget" with an indicator'],
      [null, "no state of features"],
      [{ numeric: [], categorical: [] }, "it has nothing"],
    ] as const) {
      const before = target.state?.();
      const { code, message } = await codeOf(() => target.restore?.(bad));
      expect(code).toBe("POLYTASK_STATE");
      expect(message).toContain(words);
      expect(target.state?.()).toBe(before);
    }
    scope.dispose();
  });
});

describe("bad input", () => {
  it.each([
    [{ numeric: [] }, "numeric"],
    [{ numeric: ["a", "a"] }, '"a"'],
    [{ numeric: ["a"], categorical: { a: {} } }, '"a"'],
    [{ categorical: { a: { dimension: 0 } } }, "categorical.a.dimension"],
    [{ categorical: { a: { minCount: 1.5 } } }, "categorical.a.minCount"],
  ])("option %#", async (options, words) => {
    const { code, message } = await codeOf(() => features(options));
    expect(code).toBe("POLYTASK_OPTION");
    expect(message).toContain(words);
  });

  it.each<[string, Columns, string]>([
    ["no column", { year: [1], mpaa: ["R"] }, '"budget"'],
    ["lengths", { ...train, year: [1, 2] }, 'column "budget" has 6 rows, column "year" 2'],
    [
      "a word among numbers",
      { ...train, budget: [1, 2, "three", 4, 5, 6] },
      'column "budget": every value must be a finite number or missing (null, undefined, NaN); row 2 holds "three"',
    ],
    ["infinity", { ...train, budget: [1, 2, 3, 4, 5, -Infinity] }, "row 5 holds -Infinity"],
    [
      "a list among words",
      { ...train, mpaa: ["R", ["R"], "R", "R", "R", "R"] },
      'column "mpaa": every value must be a string, a finite number, a boolean or missing (null, undefined, NaN); row 1 holds a list of 1',
    ],
    ["infinite words", { ...train, mpaa: [1, 2, 3, 4, Infinity, 6] }, "row 4 holds Infinity"],
    ["an object", { ...train, mpaa: [{}, 2, 3, 4, 5, 6] }, "row 0 holds a value of type object"],
    [
      "only missing",
      { ...train, budget: [null, null, null, null, null, null] },
      'column "budget": needs at least one value in the training data; all 6 are missing',
    ],
    ["no rows", { budget: [], year: [], mpaa: [] }, "it is empty"],
    ["overflow", { ...train, budget: [1e308, -1e308, 1, 1, 1, 1] }, "mean and deviation"],
  ])("training data: %s", async (_, columns, words) => {
    const { code, message } = await codeOf(() => movies.fit(columns));
    expect(code).toBe("POLYTASK_DATA");
    expect(message).toContain(words);
  });

  it("later data: the same, one unnamed column, and values that leave float32", async () => {
    const scope = testScope(sampleTasks);
    const encoder = (await movies.fit(train)).create(scope);
    const wide = tf.zeros([6, 2]);
    for (const [columns, words] of [
      [{ ...train, year: [1990, 1991, Infinity, 1, 1, 1] }, 'column "year": every value'],
      [{ budget: [1], year: [1] }, 'a column "mpaa"'],
      [[1, 2, 3], "columns by name"],
      [{ ...train, budget: [1, 2, 3, 4, 5, 1e300] }, "row 5 holds 1e+300"],
      [{ ...train, budget: wide }, "shape [6, 2]"],
    ] as const) {
      const { code, message } = await codeOf(() => encoder.prepare(columns));
      expect(code).toBe("POLYTASK_DATA");
      expect(message).toContain(words);
    }
    wide.dispose();
    scope.dispose();
  });
});

it("has these public names", async () => {
  expect(Object.keys(await import("@polytask/features")).sort()).toEqual([
    "features",
    "fittedFeatures",
  ]);
});
