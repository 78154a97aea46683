import { identityMatrix, type Matrix } from "@polytask/core";

/** A = V·diag(values)·Vᵀ: column k of V belongs to value k; in no particular order. */
export interface Eigen {
  readonly values: readonly number[];
  readonly vectors: Matrix;
}

/**
 * Eigenvalues and eigenvectors of a symmetric matrix [n, n], by cyclic Jacobi rotations in float64.
 *
 * Rotates until every |a_pq| ≤ ε·√|a_pp·a_qq|, which also gives the small eigenvalues of a badly scaled positive definite
 * matrix to many digits. Golub, Van Loan, "Matrix Computations", 4th edition, section 8.5; Demmel, Veselić, SIAM J. Matrix Anal.
 * Appl. 1992.
 */
export function symmetricEigen(matrix: Matrix): Eigen {
  const a = matrix.map((row) => [...row]);
  const v = identityMatrix(a.length);
  let rotated = true;
  for (let sweep = 0; rotated && sweep < 50; sweep++) {
    rotated = false;
    for (let p = 0; p < a.length; p++) {
      for (let q = p + 1; q < a.length; q++) {
        const small = Number.EPSILON * Math.sqrt(Math.abs(a[p][p])) * Math.sqrt(Math.abs(a[q][q]));
        if (Math.abs(a[p][q]) <= small) continue;
        rotate(a, v, p, q);
        rotated = true;
      }
    }
  }
  return { values: a.map((row, i) => row[i]), vectors: v };
}

/** A ← RᵀAR and V ← VR with the rotation R in the plane of p and q that makes a_pq 0. */
function rotate(a: number[][], v: number[][], p: number, q: number): void {
  const slope = (a[q][q] - a[p][p]) / (2 * a[p][q]);
  const tangent = (slope < 0 ? -1 : 1) / (Math.abs(slope) + Math.hypot(1, slope));
  const cosine = 1 / Math.hypot(1, tangent);
  const sine = tangent * cosine;
  const turn = (x: number, y: number): [number, number] => [
    cosine * x - sine * y,
    sine * x + cosine * y,
  ];
  for (const row of [...a, ...v]) [row[p], row[q]] = turn(row[p], row[q]);
  for (let k = 0; k < a.length; k++) [a[p][k], a[q][k]] = turn(a[p][k], a[q][k]);
  a[p][q] = a[q][p] = 0;
}
