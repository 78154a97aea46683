import { identityMatrix, type Matrix, multiply, transpose } from "@polytask/core";
import { expectAllClose, rotationOf } from "@polytask/testkit";
import { describe, expect, it } from "vitest";
import { symmetricEigen } from "../src/symmetric-eigen.ts";

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

/** V·diag(values)·Vᵀ */
const compose = (values: readonly number[], vectors: Matrix): number[][] =>
  multiply(
    vectors.map((row) => row.map((x, k) => x * values[k])),
    transpose(vectors),
  );

const check = (matrix: Matrix, tolerance: number): readonly number[] => {
  const { values, vectors } = symmetricEigen(matrix);
  const size = Math.max(...matrix.flat().map(Math.abs));
  expectAllClose(multiply(transpose(vectors), vectors), identityMatrix(matrix.length), {
    absolute: 1e-13 * matrix.length,
  });
  expectAllClose(compose(values, vectors), matrix, { relative: 0, absolute: tolerance * size });
  return sorted(values);
};

describe("symmetricEigen", () => {
  it("of 2×2 matrices: half the trace ± the root of what is left", () => {
    for (const [a, b, c] of [
      [2, 1, 2],
      [1, 0, -3],
      [5, -2, 1e-8],
      [0, 1e-9, 0],
      [1e10, 3, 1e-10],
      [4, 4, 4],
    ]) {
      const spread = Math.hypot((a - c) / 2, b);
      const values = check([[a, b], [b, c]], 1e-15); // prettier-ignore
      expectAllClose(values, [(a + c) / 2 - spread, (a + c) / 2 + spread], {
        absolute: 1e-15 * Math.max(Math.abs(a), Math.abs(b), Math.abs(c)),
      });
    }
  });

  it.each([1, 2, 3, 5, 12, 40])(
    "of the second difference on %i points: 2 − 2cos(kπ/(n+1))",
    (n) => {
      const matrix = identityMatrix(n).map((row, i) =>
        row.map((x, j) => (Math.abs(i - j) === 1 ? -1 : 2 * x)),
      );
      const expected = matrix.map((_, k) => 2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1)));
      expectAllClose(check(matrix, 1e-13), sorted(expected), { absolute: 1e-13 });
    },
  );

  it("of matrices with given eigenvalues: repeated, zero, negative, of every size", () => {
    for (const values of [
      [1, 1, 1],
      [0, 0, 0],
      [3, 0, 0, 0],
      [2, 2, -2, -2, 0],
      [1e-12, 1e-6, 1, 1e6],
      [1, 2, 3, 4, 5, 6, 7, 8],
    ]) {
      for (let seed = 0; seed < 5; seed++) {
        const found = check(compose(values, rotationOf(values.length, seed)), 1e-14);
        const size = Math.max(...values.map(Math.abs));
        expectAllClose(found, sorted(values), { relative: 0, absolute: 1e-13 * size + 1e-300 });
      }
    }
  });

  it("finds the small eigenvalue of a badly scaled matrix to many digits", () => {
    // D·[[1, ½], [½, 1]]·D with D = diag(1, 1e-8): determinant ¾·1e-16, so the small one is ¾·1e-16·(1 + ¼·1e-16).
    const [small] = sorted(
      symmetricEigen([
        [1, 0.5e-8],
        [0.5e-8, 1e-16],
      ]).values,
    );
    expectAllClose(small, 0.75e-16, { relative: 1e-14 });
  });

  it("leaves its input alone", () => {
    const matrix = [
      [2, 1],
      [1, 2],
    ];
    symmetricEigen(matrix);
    expect(matrix).toEqual([
      [2, 1],
      [1, 2],
    ]);
  });
});
