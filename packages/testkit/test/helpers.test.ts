import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import { multiply, token, transpose } from "@polytask/core";
import {
  demand,
  expectAllClose,
  expectGradient,
  expectNoLeak,
  finiteDifference,
  jacobianOf,
  jacobians,
  law,
  LawError,
  rotationOf,
  sampleTasks,
  samples,
  scales,
  tasksNamed,
  testScope,
  testStep,
} from "@polytask/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";

test("expectAllClose compares number by number", () => {
  expectAllClose([1, [2, 3]], [1 + 1e-7, [2, 3]]);
  expectAllClose(new Float32Array([0.5]), [0.5]);
  expectAllClose(0, 1e-13);
  expectAllClose([Infinity], [Infinity]);
  expect(() => {
    expectAllClose([1, 2], [1, 2.1]);
  }).toThrow(/number 1 .* 2\.1/);
  expect(() => {
    expectAllClose([1], [1, 2]);
  }).toThrow(/2 numbers; got 1/);
  expect(() => {
    expectAllClose([NaN], [NaN]);
  }).toThrow(LawError);
  expect(() => {
    expectAllClose([Infinity], [1]);
  }).toThrow(LawError);
});

test("expectNoLeak tells what was left, also after an error", async () => {
  const kept: Tensor[] = [];
  await expect(expectNoLeak(() => kept.push(tf.scalar(1), tf.scalar(2)))).rejects.toThrow("2 more");
  await expect(
    expectNoLeak(() => {
      kept.push(tf.scalar(1));
      throw new Error("broken pipe");
    }),
  ).rejects.toThrow(/1 more \(it threw: Error: broken pipe/);
  await expect(expectNoLeak(() => Promise.reject(new Error("broken pipe")))).rejects.toThrow(
    /^broken pipe$/,
  );
  expect(await expectNoLeak(() => Promise.resolve(3))).toBe(3);
  tf.dispose(kept);
});

test("finiteDifference gives polynomials' gradients to nine digits", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 2, maxLength: 4 }),
      (x) => {
        const fn = (v: readonly number[]): number =>
          v.reduce((sum, a, i) => sum + (i + 1) * a ** 3 - a * v[0], 0);
        // ∂/∂x_i of Σ (i+1)x_i³ − x_0·Σ x_i.
        const total = x.reduce((a, b) => a + b, 0);
        const expected = x.map((a, i) => 3 * (i + 1) * a ** 2 - x[0] - (i === 0 ? total : 0));
        expectAllClose(finiteDifference(fn, x), expected, { relative: 1e-8, absolute: 1e-8 });
      },
    ),
    { seed: 1, numRuns: 100 },
  );
});

test("expectGradient accepts right gradients and rejects wrong ones", async () => {
  const at = [tf.tensor1d([0.5, -1.2, 2]), tf.tensor2d([[1, 2, 0.3]])];
  const fn = (x: Tensor, y: Tensor): Tensor => tf.sum(tf.mul(tf.tanh(x), tf.square(y)));
  await expectNoLeak(() => expectGradient(fn, at));
  const wrong = tf.customGrad((x) => ({
    value: tf.sum(tf.square(x as Tensor)),
    gradFunc: (dy: Tensor) => tf.mul(dy, x as Tensor),
  }));
  await expect(expectGradient((x) => wrong(x), at.slice(0, 1))).rejects.toThrow(LawError);
  const rotated = tf.customGrad((x) => ({
    value: tf.sum(tf.square(x as Tensor)),
    gradFunc: (dy: Tensor) => tf.mul(dy, tf.mul(2, tf.reverse(x as Tensor))),
  }));
  await expect(expectGradient((x) => rotated(x), at.slice(0, 1))).rejects.toThrow(LawError);
  tf.dispose(at);
});

/** Independent of the sampler: Gaussian elimination with full pivoting. */
const rankOf = (matrix: readonly (readonly number[])[]): number => {
  const rows = matrix.map((row) => [...row]);
  const largest = Math.max(...rows.flat().map(Math.abs));
  let rank = 0;
  while (rank < rows.length) {
    let [bestRow, bestColumn, best] = [-1, -1, 1e-9 * largest];
    rows.slice(rank).forEach((row, i) => {
      row.forEach((value, j) => {
        if (Math.abs(value) > best) [bestRow, bestColumn, best] = [rank + i, j, Math.abs(value)];
      });
    });
    if (bestRow < 0) return rank;
    [rows[rank], rows[bestRow]] = [rows[bestRow], rows[rank]];
    const pivot = rows[rank];
    for (let i = rank + 1; i < rows.length; i++) {
      const factor = rows[i][bestColumn] / pivot[bestColumn];
      rows[i] = rows[i].map((value, j) => value - factor * pivot[j]);
    }
    rank++;
  }
  return rank;
};

test("jacobianOf has the rank, scale and seed asked for", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 9 }),
      fc.nat(6),
      fc.constantFrom(...scales.slice(1)),
      fc.nat(1000),
      (rows, columns, wanted, scale, seed) => {
        const rank = Math.min(wanted, rows, columns);
        const jacobian = jacobianOf({ rows, columns, rank, scale, seed });
        expect([jacobian.length, jacobian[0].length]).toEqual([rows, columns]);
        expect(rankOf(jacobian)).toBe(rank);
        expect(jacobianOf({ rows, columns, rank, scale, seed })).toEqual(jacobian);
        if (rank > 0)
          expect(jacobianOf({ rows, columns, rank, scale, seed: seed + 1 })).not.toEqual(jacobian);
      },
    ),
    { seed: 2, numRuns: 200 },
  );
  const big = jacobianOf({ rows: 40, columns: 50, rank: 20, scale: 1e5, seed: 3 }).flat();
  const deviation = Math.sqrt(big.reduce((sum, x) => sum + x * x, 0) / big.length);
  expect(deviation / 1e5).toBeGreaterThan(0.8);
  expect(deviation / 1e5).toBeLessThan(1.2);
  expect(() => jacobianOf({ rows: 2, columns: 3, rank: 3 })).toThrow("POLYTASK_OPTION");
});

test("samples hold what their names say", () => {
  const all = samples();
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  expect(samples()).toEqual(all);
  expect(samples(1)).not.toEqual(all);
  const gramian = (name: string): number[][] => {
    const jacobian = all.find((sample) => sample.name === name)?.jacobian ?? [];
    return multiply(jacobian, transpose(jacobian));
  };
  const cosine = (name: string): number => {
    const g = gramian(name);
    return g[0][1] / Math.sqrt(g[0][0] * g[1][1]);
  };
  expect(cosine("weak conflict")).toBeCloseTo(-0.01, 9);
  expect(cosine("strong conflict")).toBeCloseTo(-0.9, 9);
  expect(cosine("opposed")).toBeCloseTo(-1, 12);
  expect(gramian("zero row")[1]).toEqual([0, 0, 0]);
  expect(
    gramian("all agree")
      .flat()
      .every((x) => x > 0),
  ).toBe(true);
  const stationary = all.find(({ name }) => name === "strongly stationary")?.jacobian ?? [];
  expectAllClose(
    stationary[0].map((_, j) => stationary[0][j] + 2 * stationary[1][j] + stationary[2][j]),
    [0, 0, 0, 0, 0, 0],
    { absolute: 1e-12 },
  );
  for (const { jacobian } of all) expect(jacobian.flat().every(Number.isFinite)).toBe(true);
});

test("rotationOf is orthogonal", () => {
  for (const n of [1, 2, 7, 30]) {
    const q = rotationOf(n, n);
    expectAllClose(
      multiply(q, transpose(q)),
      transpose(q).map((_, i) => q.map((_, j) => (i === j ? 1 : 0))),
      { absolute: 1e-12 },
    );
  }
});

test("a law rejects under its own name, whatever was thrown", async () => {
  const even = law<number>("even", (n) => {
    if (n < 0) throw new RangeError("negative");
    demand(n % 2 === 0, "an even number", () => `got ${n}`);
  });
  await even(2);
  expect(even.law).toBe("even");
  await expect(even(3)).rejects.toMatchObject({
    law: "even",
    code: "POLYTASK_LAW",
    found: "got 3",
  });
  await expect(even(-1)).rejects.toMatchObject({ law: "even", cause: { message: "negative" } });
});

test("testScope is a scope: tasks, streams, variables, tokens, disposal newest first", async () => {
  const key = token<number>("answer");
  await expectNoLeak(async () => {
    const scope = testScope(sampleTasks, { seed: 3, bound: new Map([[key, 42]]), inputs: [2] });
    const order: number[] = [];
    scope.onDispose(() => order.push(1));
    scope.onDispose(() => order.push(2));
    const variable = scope.variable(() => tf.tensor1d([1, 2]));
    expect(scope.variables).toEqual([variable]);
    expect(scope.tasks).toEqual(["a", "b", "c"]);
    expect(scope.task("c").units).toBe(3);
    expect(() => scope.task("d")).toThrow("POLYTASK_UNKNOWN_TASK");
    expect(scope.resolve(key)).toBe(42);
    expect(() => scope.resolve(token("other"))).toThrow("POLYTASK_UNBOUND");
    expect(scope.random("x").uniform()).toBe(
      testScope(sampleTasks, { seed: 3 }).random("x").uniform(),
    );
    const saved = await scope.save([variable]);
    const next = scope.random("x").uniform();
    tf.tidy(() => {
      variable.assign(tf.zeros([2]));
    });
    scope.load(saved, [variable]);
    expect(scope.random("x").uniform()).toBe(next);
    expect(Array.from(await variable.data())).toEqual([1, 2]);
    scope.dispose();
    scope.dispose();
    expect(order).toEqual([2, 1]);
  });
});

test("testStep repeats a step's noise and host values, and stops gradients", async () => {
  await expectNoLeak(async () => {
    let reads = 0;
    const step = testStep<"a">({ at: { step: 4, epoch: 2 } });
    const run = (): Tensor =>
      tf.tidy(() => {
        const pass = step.pass(["a"]);
        const [u, n] = [pass.noise([3]), pass.noise([2], "normal")];
        const host = pass.host("key", [1], (at) => [at.step + at.epoch + reads++]);
        return tf.concat([u, n, host]);
      });
    const [one, two] = [run(), run()];
    const values = Array.from(await one.data());
    expect(Array.from(await two.data())).toEqual(values);
    expect(values[5]).toBe(6);
    expect(reads).toBe(1);
    expect(new Set(values).size).toBe(6);
    const slope = tf.grad((x) => tf.add(tf.mul(2, x), step.pass(["a"]).detach(tf.square(x))))(one);
    expect(Array.from(await slope.data())).toEqual([2, 2, 2, 2, 2, 2]);
    tf.dispose([one, two, slope]);
  });
});

test("tasksNamed goes beyond the alphabet", () => {
  const names = Object.keys(tasksNamed(28));
  expect(names.slice(0, 3)).toEqual(Object.keys(sampleTasks));
  expect(names.slice(25)).toEqual(["z", "t26", "t27"]);
});

test("jacobians reach every rank and scale within their bounds", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(jacobians({ rows: [2, 3], columns: [3, 4], scales: [0, 1e10] }), (jacobian) => {
      expect([2, 3]).toContain(jacobian.length);
      expect([3, 4]).toContain(jacobian[0].length);
      const size = Math.max(...jacobian.flat().map(Math.abs));
      seen.add(`${jacobian.length}/${rankOf(jacobian)}/${size > 1e8 ? "large" : "zero"}`);
    }),
    { seed: 4, numRuns: 300 },
  );
  for (const kind of ["2/0/zero", "2/1/large", "2/2/large", "3/1/large", "3/3/large"])
    expect(seen).toContain(kind);
});
