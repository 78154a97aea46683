import { type Matrix, multiply, type Random, seededRandom } from "@polytask/core";
import { badOption } from "@polytask/core";

/** A Jacobian and what is special about it. */
export interface Sample {
  readonly name: string;
  readonly jacobian: Matrix;
  /** Rows that are zero, parallel or balanced, where a rounding error may decide. */
  readonly degenerate?: boolean;
}

export interface JacobianOptions {
  /** Tasks. */
  readonly rows: number;
  /** Parameters. */
  readonly columns: number;
  /** Dimension of the space that the rows span. Default: the most there can be. */
  readonly rank?: number;
  /** Standard size of an entry. Default 1. */
  readonly scale?: number;
  /** Default 0. */
  readonly seed?: number;
}

/**
 * A random Jacobian [rows, columns] of the given rank: A·B/√rank·scale, A [rows, rank] and B [rank, columns] of N(0, 1).
 *
 * @throws POLYTASK_OPTION for a rank that no matrix of these sides has.
 */
export function jacobianOf(options: JacobianOptions): number[][] {
  const { rows, columns, rank = Math.min(rows, columns), scale = 1, seed = 0 } = options;
  if (!Number.isInteger(rank) || rank < 0 || rank > Math.min(rows, columns)) {
    throw badOption(
      "jacobianOf",
      "rank",
      `a whole number from 0 to ${Math.min(rows, columns)}`,
      rank,
    );
  }
  if (rank === 0) return normal(rows, columns, 0);
  const random = seededRandom(seed)(`jacobian/${rows}/${columns}/${rank}`);
  const draw = (n: number, m: number): number[][] =>
    Array.from({ length: n }, () => Array.from({ length: m }, () => random.normal()));
  const full = rank === Math.min(rows, columns);
  const jacobian = full ? draw(rows, columns) : multiply(draw(rows, rank), draw(rank, columns));
  const size = full ? scale : scale / Math.sqrt(rank);
  return jacobian.map((row) => row.map((value) => value * size));
}

/** Sides and ranks of the random samples: more tasks than parameters, fewer, as many; every lack of rank. */
const sides: readonly (readonly [rows: number, columns: number, rank: number])[] = [
  [2, 2, 2],
  [2, 9, 2],
  [2, 9, 1],
  [3, 1, 1],
  [3, 7, 3],
  [3, 7, 2],
  [3, 7, 1],
  [5, 3, 3],
  [5, 12, 5],
  [5, 12, 2],
  [8, 40, 8],
];

/** Entry sizes of the scaled samples. */
export const scales: readonly number[] = [0, 1e-15, 1e-10, 1e-5, 1, 1e5, 1e10, 1e15];

/**
 * Jacobians that techniques meet or break on, in a fixed order: conflicts weak and strong, collinear and opposed rows,
 * zero rows, rows of very different size, every rank, entry sizes 0 … 1e15, Pareto-stationary matrices, one task.
 */
export function samples(seed = 0): readonly Sample[] {
  const random = seededRandom(seed)("samples");
  return [
    ...special(random),
    ...sides.map(([rows, columns, rank]) => ({
      name: `${rows}×${columns} of rank ${rank}`,
      jacobian: jacobianOf({ rows, columns, rank, seed }),
      degenerate: rank < 2,
    })),
    ...scales.map((scale) => ({
      name: `3×7 of scale ${scale}`,
      jacobian: jacobianOf({ rows: 3, columns: 7, scale, seed }),
      degenerate: scale === 0,
    })),
  ];
}

function special(random: Random): Sample[] {
  const v = Array.from({ length: 6 }, () => random.normal());
  const u = perpendicular(
    Array.from({ length: 6 }, () => random.normal()),
    v,
  );
  const turn = (cosine: number, length = 1): number[] =>
    v.map((x, i) => length * (cosine * x + Math.sqrt(1 - cosine * cosine) * u[i]));
  const times = (k: number): number[] => v.map((x) => k * x);
  const zero = times(0);
  const strong = jacobianOf({ rows: 3, columns: 6, seed: 3 });
  return [
    { name: "one task", jacobian: [v] },
    { name: "weak conflict", jacobian: [v, turn(-0.01)] },
    { name: "weak agreement", jacobian: [v, turn(0.01)] },
    { name: "strong conflict", jacobian: [v, turn(-0.9)] },
    { name: "conflict of unequal lengths", jacobian: [times(100), turn(-0.7, 0.01)] },
    {
      name: "orthogonal",
      jacobian: [
        [1, 0, 0],
        [0, 2, 0],
        [0, 0, 3],
      ],
      degenerate: true,
    },
    {
      name: "all agree",
      jacobian: [
        [1, 2, 0.5],
        [2, 1, 1],
        [0.1, 3, 1],
      ],
    },
    { name: "collinear", jacobian: [v, times(2), times(0.5)], degenerate: true },
    {
      name: "collinear, two of three opposed",
      jacobian: [v, times(-2), times(3)],
      degenerate: true,
    },
    { name: "opposed", jacobian: [v, times(-1)], degenerate: true },
    { name: "opposed, unequal", jacobian: [v, times(-3)], degenerate: true },
    { name: "zero row", jacobian: [v, zero, turn(-0.5)], degenerate: true },
    { name: "zero row of two", jacobian: [zero, v], degenerate: true },
    { name: "all zero", jacobian: [zero, zero, zero], degenerate: true },
    // w·J = 0 for w = (1, 2, 1) > 0.
    {
      name: "strongly stationary",
      jacobian: [v, turn(0.2), v.map((x, i) => -x - 2 * turn(0.2)[i])],
      degenerate: true,
    },
    { name: "weakly stationary", jacobian: [v, times(-2), turn(0.3)], degenerate: true },
    {
      name: "three at 120 degrees",
      jacobian: [
        [1, 0],
        [-0.5, 0.75 ** 0.5],
        [-0.5, -(0.75 ** 0.5)],
      ],
      degenerate: true,
    },
    {
      name: "three in conflict",
      jacobian: [
        [2, -1, 0.3],
        [-1.5, 2, -0.7],
        [-0.4, -1.1, 1.9],
      ],
    },
    {
      name: "rows of sizes 1e-5, 1, 1e5",
      jacobian: strong.map((row, i) => row.map((x) => x * 10 ** (5 * (i - 1)))),
    },
    { name: "near-collinear", jacobian: [v, turn(1 - 1e-10), turn(-1 + 1e-10)], degenerate: true },
    { name: "wide", jacobian: jacobianOf({ rows: 3, columns: 500, seed: 5 }) },
  ];
}

/** The part of x orthogonal to v, as long as v. */
function perpendicular(x: readonly number[], v: readonly number[]): number[] {
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, value, i) => sum + value * b[i], 0);
  const rest = x.map((value, i) => value - (dot(x, v) / dot(v, v)) * v[i]);
  const length = Math.sqrt(dot(v, v) / dot(rest, rest));
  return rest.map((value) => value * length);
}

const normal = (rows: number, columns: number, value: number): number[][] =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, () => value));

/**
 * A random rotation Q [n, n], QᵀQ = I, by Gram–Schmidt from N(0, 1) draws.
 */
export function rotationOf(n: number, seed = 0): number[][] {
  const random = seededRandom(seed)(`rotation/${n}`);
  const rows: number[][] = [];
  while (rows.length < n) {
    let row = Array.from({ length: n }, () => random.normal());
    // Twice: once leaves rounding errors of the size of what was taken away.
    for (let round = 0; round < 2; round++) {
      for (const other of rows) {
        const along = row.reduce((sum, value, i) => sum + value * other[i], 0);
        row = row.map((value, i) => value - along * other[i]);
      }
    }
    const length = Math.hypot(...row);
    if (length > 1e-3) rows.push(row.map((value) => value / length));
  }
  return rows;
}
