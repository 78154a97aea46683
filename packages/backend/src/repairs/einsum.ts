import { backend_util, util, type Tensor, type TensorInfo } from "@tensorflow/tfjs";
import type { Call, Repair } from "../repair.ts";

/** A tensor and the number that the equation's letter of each axis has; those of the result come first. */
interface Term {
  readonly x: TensorInfo;
  readonly letters: readonly number[];
}

/**
 * "ij,jk->ik" and the like: letters of one operand alone are summed first; those that both have and the result has not
 * are what a product of matrices sums over.
 *
 * tfjs 4.22: wasm has none. On cpu and webgpu the result has a wrong shape where an operand has letters of its own that are
 * summed, and an operand that is its own result is freed with it.
 */
export const einsum: Repair = {
  on: ["cpu", "wasm", "webgpu"],
  kernels: {
    Einsum(call) {
      const operands = Object.values(call.inputs);
      const equation = call.attrs["equation"] as string;
      const { allDims, summedDims, idDims } = backend_util.decodeEinsumEquation(
        equation,
        operands.length,
      );
      backend_util.checkEinsumDimSizes(allDims.length, idDims, operands as Tensor[]);
      const isKept = (letter: number): boolean => !summedDims.includes(letter);
      const made: TensorInfo[] = [];
      const run: Run = (kernel, inputs, attrs) => {
        made.push(call.run(kernel, inputs, attrs));
        return made[made.length - 1];
      };
      try {
        const terms = operands.map((x, i) => {
          const others = idDims.filter((_, j) => j !== i).flat();
          const own = { x, letters: idDims[i] };
          return summed(run, own, (letter) => !isKept(letter) && !others.includes(letter));
        });
        const { x, letters } = terms.length === 1 ? terms[0] : product(run, terms, isKept);
        const ordered = moved(
          run,
          x,
          letters,
          letters.toSorted((a, b) => a - b),
        );
        // a tensor of its own, also where it is an operand as it is
        return call.run("Identity", { x: ordered });
      } finally {
        made.forEach(call.host.free);
      }
    },
  },
};

type Run = Call["run"];

function summed(run: Run, { x, letters }: Term, isGone: (letter: number) => boolean): Term {
  const axis = letters.flatMap((letter, i) => (isGone(letter) ? [i] : []));
  if (axis.length === 0) return { x, letters };
  const rest = letters.filter((letter) => !isGone(letter));
  return { x: run("Sum", { x }, { axis, keepDims: false }), letters: rest };
}

/** As [both, rows, inner] by [both, inner, columns]. */
function product(run: Run, [a, b]: readonly Term[], isKept: (letter: number) => boolean): Term {
  const common = a.letters.filter((letter) => b.letters.includes(letter));
  const [both, inner] = [common.filter(isKept), common.filter((letter) => !isKept(letter))];
  const [rows, columns] = [a, b].map(({ letters }) =>
    letters.filter((one) => !common.includes(one)),
  );
  const lengths = new Map(
    [a, b].flatMap(({ x, letters }) => letters.map((one, i) => [one, x.shape[i]])),
  );
  const matrices = (term: Term, ...groups: (readonly number[])[]): TensorInfo => {
    const ordered = moved(run, term.x, term.letters, groups.flat());
    const shape = groups.map((group) =>
      util.sizeFromShape(group.map((one) => lengths.get(one) as number)),
    );
    return run("Reshape", { x: ordered }, { shape });
  };
  const flat = run(
    "BatchMatMul",
    { a: matrices(a, both, rows, inner), b: matrices(b, both, inner, columns) },
    { transposeA: false, transposeB: false },
  );
  const letters = [...both, ...rows, ...columns];
  const shape = letters.map((one) => lengths.get(one) as number);
  return { x: run("Reshape", { x: flat }, { shape }), letters };
}

/** With its axes in another order. */
function moved(
  run: Run,
  x: TensorInfo,
  from: readonly number[],
  to: readonly number[],
): TensorInfo {
  const perm = to.map((letter) => from.indexOf(letter));
  return perm.every((axis, i) => axis === i) ? x : run("Transpose", { x }, { perm });
}
