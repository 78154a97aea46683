import { type Matrix, multiply, transpose } from "@polytask/core";
import { demand, law, type Law } from "./law.ts";
import { rotationOf } from "./samples.ts";
import { combined, editedRows, editsTensors, type SurgerySubject, withSurgery } from "./surgery.ts";

/** Combined gradients A(J) = Σ rows of the edited J. */
type Claim = Law<SurgerySubject>;

const norm = (v: readonly number[]): number => Math.hypot(...v);
const norms = (j: Matrix): number => j.reduce((sum, row) => sum + norm(row), 0);

const toleranceOf = async (subject: SurgerySubject): Promise<number> =>
  subject.tolerance ??
  (await withSurgery(subject, {}, ({ parts }) =>
    Promise.resolve(editsTensors(parts) ? 1e-4 : 1e-7),
  ));

/** Samples on which nothing hangs by a rounding error: no zero, parallel or balanced rows. */
const generic = (subject: SurgerySubject): SurgerySubject["samples"] =>
  subject.samples.filter(({ degenerate }) => !degenerate);

/** Throws unless two vectors agree up to `tolerance` times `size`. */
const agree = (
  name: string,
  actual: readonly number[],
  expected: readonly number[],
  size: number,
): void => {
  const off = norm(actual.map((x, i) => x - expected[i]));
  demand(
    off <= size,
    `"${name}": the result must be [${expected.slice(0, 6).join(", ")}] within ${size}`,
    () => `got [${actual.slice(0, 6).join(", ")}], off by ${off}`,
  );
};

/** A law on the samples with two rows alone. */
export const forTwoTasks = (claim: Claim): Claim =>
  law(`${claim.law}ForTwoTasks`, (subject) =>
    claim({ ...subject, samples: subject.samples.filter(({ jacobian }) => jacobian.length === 2) }),
  );

/**
 * No task is hurt to first order: J·A(J) ≥ 0.
 *
 * Up to rounding: (J·A)_i ≥ −tolerance·‖J_i‖·Σ‖edited rows‖.
 */
export const nonConflicting: Claim = law("nonConflicting", async (subject) => {
  const tolerance = await toleranceOf(subject);
  for (const { name, jacobian } of subject.samples) {
    const edited = await editedRows(subject, jacobian);
    const result = edited[0].map((_, j) => edited.reduce((sum, row) => sum + row[j], 0));
    // Rows cancel in the sum, so rounding is of the size of the rows: of the original ones too, whose parts cancel.
    const size = Math.max(norms(edited), norms(jacobian));
    jacobian.forEach((row, i) => {
      const along = row.reduce((sum, x, j) => sum + x * result[j], 0);
      demand(
        along >= -tolerance * norm(row) * size,
        `"${name}": no task's gradient may point against the result`,
        () => `task ${i}: ${along}`,
      );
    });
  }
});

/** `nonConflicting` where there are two tasks; some techniques keep it only there. */
export const nonConflictingForTwoTasks: Claim = forTwoTasks(nonConflicting);

/** Where no two gradients conflict, they are summed: all G_ij ≥ 0 ⇒ A(J) = Σ J_i. */
export const keepsAgreeingGradients: Claim = law("keepsAgreeingGradients", async (subject) => {
  const tolerance = await toleranceOf(subject);
  for (const { name, jacobian } of subject.samples) {
    const gramian = multiply(jacobian, transpose(jacobian));
    if (gramian.some((row) => row.some((x) => x < 0))) continue;
    const sum = jacobian[0].map((_, j) => jacobian.reduce((total, row) => total + row[j], 0));
    agree(name, await combined(subject, jacobian), sum, tolerance * norms(jacobian));
  }
});

/** The order of the tasks does not matter: A(P·J) = A(J) for every permutation P. */
export const permutationEquivariant: Claim = law("permutationEquivariant", async (subject) => {
  const tolerance = await toleranceOf(subject);
  for (const { name, jacobian } of generic(subject)) {
    const expected = await combined(subject, jacobian);
    for (const permuted of [jacobian.toReversed(), [...jacobian.slice(1), jacobian[0]]]) {
      agree(
        name,
        await combined(subject, permuted),
        expected,
        tolerance * Math.max(norms(jacobian), norm(expected)),
      );
    }
  }
});

/** `permutationEquivariant` where there are two tasks. */
export const permutationEquivariantForTwoTasks: Claim = forTwoTasks(permutationEquivariant);

/** Scaling tasks scales their share: c ↦ A(diag(c)·J) is linear on c > 0. */
export const linearUnderScaling: Claim = law("linearUnderScaling", async (subject) => {
  const tolerance = await toleranceOf(subject);
  for (const { name, jacobian } of generic(subject)) {
    const c1 = jacobian.map((_, i) => 0.5 + 0.7 * i);
    const c2 = jacobian.map((_, i) => 3 / (1 + i));
    const scaled = (c: readonly number[]): number[][] =>
      jacobian.map((row, i) => row.map((x) => x * c[i]));
    const [one, two] = [await combined(subject, scaled(c1)), await combined(subject, scaled(c2))];
    const both = scaled(c1.map((c, i) => 2 * c + 3 * c2[i]));
    agree(
      name,
      await combined(subject, both),
      one.map((x, i) => 2 * x + 3 * two[i]),
      tolerance * norms(both),
    );
  }
});

/** Scaling all gradients alike scales the result: A(s·J) = s·A(J) for s > 0. */
export const homogeneous: Claim = law("homogeneous", async (subject) => {
  const tolerance = await toleranceOf(subject);
  for (const { name, jacobian } of generic(subject)) {
    const expected = await combined(subject, jacobian);
    for (const s of [0.25, 3]) {
      const result = await combined(
        subject,
        jacobian.map((row) => row.map((x) => s * x)),
      );
      agree(
        name,
        result,
        expected.map((x) => s * x),
        s * tolerance * Math.max(norms(jacobian), norm(expected)),
      );
    }
  }
});

/** Scaling one task leaves the direction: A(diag(c)·J)/‖·‖ = A(J)/‖·‖ for c > 0. */
export const scaleInvariantDirection: Claim = law("scaleInvariantDirection", async (subject) => {
  const tolerance = await toleranceOf(subject);
  const direction = (v: readonly number[]): number[] => v.map((x) => x / (norm(v) || 1));
  for (const { name, jacobian } of generic(subject)) {
    const expected = direction(await combined(subject, jacobian));
    const scaled = jacobian.map((row, i) => row.map((x) => x * (i + 1) ** 2));
    agree(name, direction(await combined(subject, scaled)), expected, 100 * tolerance);
  }
});

/**
 * The shared parameters are one vector: rotating parameter space rotates the result, A(J·Q) = A(J)·Q for QᵀQ = I.
 *
 * So A depends on J through G alone, and not on how the parameters are cut into tensors; what works tensor by tensor or
 * element by element does not keep this law.
 */
export const actsOnWholeVector: Claim = law("actsOnWholeVector", async (subject) => {
  const tolerance = await toleranceOf(subject);
  for (const { name, jacobian } of generic(subject)) {
    const width = jacobian[0].length;
    if (width < 2 || width > 50) continue;
    const q = rotationOf(width, subject.seed);
    const sizes = [1, Math.ceil((width - 1) / 2), Math.floor((width - 1) / 2)].filter(
      (size) => size > 0,
    );
    const [expected] = multiply([await combined(subject, jacobian, { sizes })], q);
    const size = 10 * tolerance * Math.max(norms(jacobian), norm(expected));
    agree(name, await combined(subject, multiply(jacobian, q), { sizes }), expected, size);
  }
});

/** A task whose gradient is zero changes nothing: A of J with a zero row is A of J without it. */
export const ignoresZeroRows: Claim = law("ignoresZeroRows", async (subject) => {
  const tolerance = await toleranceOf(subject);
  for (const { name, jacobian } of generic(subject)) {
    const zero = jacobian[0].map(() => 0);
    const expected = await combined(subject, jacobian);
    agree(
      name,
      await combined(subject, [...jacobian, zero]),
      expected,
      tolerance * Math.max(norms(jacobian), norm(expected)),
    );
  }
});

/** Randomness has an effect: on three tasks in conflict, some two seeds of twenty give different results. */
export const variesWithSeed: Claim = law("variesWithSeed", async (subject) => {
  const jacobian = [
    [2, -1, 0.3],
    [-1.5, 2, -0.7],
    [-0.4, -1.1, 1.9],
  ];
  const seen = new Set<string>();
  for (let seed = 0; seed < 20; seed++)
    seen.add(String(await combined(subject, jacobian, { seed })));
  demand(seen.size > 1, "results must vary with the seed", "twenty seeds gave one result");
});

export interface SurgeryCase {
  readonly jacobian: Matrix;
  /** The combined gradient. */
  readonly expected: readonly number[];
  readonly losses?: readonly number[];
}

/** Values from a source other than the plugin: A(J) = expected, within `relative` of its norm (default 1e-6), at any seed. */
export const matchesReference = (
  cases: readonly SurgeryCase[],
  { relative = 1e-6 }: { readonly relative?: number } = {},
): Claim =>
  law("matchesReference", async (subject) => {
    for (const [i, { jacobian, expected, losses }] of cases.entries()) {
      for (const seed of [0, 1, 2]) {
        const rows = await withSurgery(
          subject,
          { tasks: jacobian.length, sizes: [jacobian[0].length], seed },
          (run) => run.step(jacobian, losses ? { losses } : {}),
        );
        const result = expected.map((_, j) => rows.reduce((sum, row) => sum + row[j], 0));
        agree(`case ${i}`, result, expected, relative * norm(expected));
      }
    }
  });

export interface ReachableCase {
  readonly jacobian: Matrix;
  /** Every combined gradient that some random draw gives. */
  readonly results: readonly (readonly number[])[];
  /** How many seeds are tried. Default: 40 for every result. */
  readonly seeds?: number;
}

/** What a random surgery can give: over many seeds, every one of `results` and no other. */
export const reachesExactly = (
  cases: readonly ReachableCase[],
  { relative = 1e-6 }: { readonly relative?: number } = {},
): Claim =>
  law("reachesExactly", async (subject) => {
    for (const { jacobian, results, seeds = 40 * results.length } of cases) {
      const reached = new Set<number>();
      for (let seed = 0; seed < seeds; seed++) {
        const result = await combined(subject, jacobian, { seed });
        const which = results.findIndex(
          (expected) => norm(result.map((x, j) => x - expected[j])) <= relative * norm(expected),
        );
        demand(
          which >= 0,
          `every result must be one of the ${results.length}`,
          () => `seed ${seed} gave [${result.join(", ")}]`,
        );
        reached.add(which);
      }
      demand(
        reached.size === results.length,
        `${results.length} results must be reached`,
        () => `${seeds} seeds reached ${reached.size}`,
      );
    }
  });
