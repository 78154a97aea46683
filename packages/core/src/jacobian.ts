import * as tf from "@tensorflow/tfjs";
import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs";
import { checkMatrix, checkPartition } from "./check-surgery.ts";
import { eagerPass } from "./eager-pass.ts";
import type { StepInfo } from "./engine.ts";
import { brokenPart, nonFinite } from "./errors.ts";
import type { Gathering } from "./gather.ts";
import { gramian, readRows, SMALL } from "./gramian.ts";
import { columnSums, type Matrix } from "./matrix.ts";
import type { Network, OwnedParameter } from "./network.ts";
import type { Surgery } from "./surgery.ts";

/** Where a step stands when its gradients are combined; arrays over all tasks, `present` their indices. */
export interface Standing {
  readonly present: readonly number[];
  readonly weights: readonly number[];
  readonly losses: readonly number[];
  readonly info: StepInfo;
}

/** J of the present tasks, cut into the columns of each shared parameter: [present, n_i]. */
export type Jacobian = ReadonlyMap<OwnedParameter, Tensor2D>;

export const disposeJacobian = (jacobian: Jacobian): void => {
  tf.dispose([...jacobian.values()]);
};

/** Rows c_k·∇L_k of the present tasks over the shared parameters. */
export const jacobianOf = <Name extends string>(
  network: Network<Name>,
  gathering: Gathering,
  { present, weights }: Standing,
): Jacobian =>
  new Map(
    network.parameters.flatMap((parameter, i) => {
      if (parameter.tasks.length < 2) return [];
      const columns = tf.tidy(() =>
        tf.stack(
          present.map((k) => {
            const row = gathering.rows[k][i];
            return row === null
              ? tf.zeros([parameter.variable.size])
              : tf.mul(tf.reshape(row, [-1]), weights[k]);
          }),
        ),
      );
      return [[parameter, columns as Tensor2D] as const];
    }),
  );

/** G over some of the parameters. @throws POLYTASK_NON_FINITE naming the task whose gradient is not finite. */
export async function gramianOf<Name extends string>(
  jacobian: Jacobian,
  block: readonly OwnedParameter[],
  network: Network<Name>,
  { present, info }: Standing,
): Promise<Matrix> {
  const joined = join(jacobian, block, present.length);
  try {
    const result = await gramian(joined);
    const bad = result.findIndex((row, i) => !Number.isFinite(row[i]));
    if (bad >= 0)
      throw nonFinite("gradient", network.tasks[present[bad]], info.step, result[bad][bad]);
    return result;
  } finally {
    joined.dispose();
  }
}

/**
 * One surgery on J: a new J, of which the last link keeps only the sum of its rows.
 *
 * @throws POLYTASK_BROKEN_PART for blocks that are no partition, or a matrix of another shape or with holes.
 */
export async function operate<Name extends string>(
  network: Network<Name>,
  surgery: Surgery<Name>,
  jacobian: Jacobian,
  standing: Standing,
  gathering: Gathering,
  options: { readonly last: boolean; readonly known?: Matrix | undefined },
): Promise<Jacobian> {
  const shared = [...jacobian.keys()];
  const blocks = surgery.blocks?.(shared) ?? [shared];
  checkPartition(network.nameOf(surgery), blocks, shared);
  const result = new Map<OwnedParameter, Tensor2D>();
  try {
    for (const [index, block] of blocks.entries()) {
      if (surgery.mix) {
        const { present, losses, info } = standing;
        const matrix = surgery.mix({
          gramian: options.known ?? (await gramianOf(jacobian, block, network, standing)),
          losses: present.map((k) => losses[k]),
          present: present.map((k) => network.tasks[k]),
          block: index,
          step: info.step,
        });
        checkMatrix(network.nameOf(surgery), matrix, present.length);
        // Only the sum of the edited rows is used after the last link: one row instead of T.
        await mixBlock(jacobian, block, options.last ? [columnSums(matrix)] : matrix, result);
      } else {
        editBlock(network, surgery, jacobian, block, standing, gathering, result);
      }
    }
    return result;
  } catch (error) {
    disposeJacobian(result);
    throw error;
  }
}

async function mixBlock(
  jacobian: Jacobian,
  block: readonly OwnedParameter[],
  matrix: Matrix,
  result: Map<OwnedParameter, Tensor2D>,
): Promise<void> {
  const columns = block.reduce((sum, { variable }) => sum + variable.size, 0);
  for (const parameter of block) {
    if (columns <= SMALL) {
      const rows = await readRows(columnsOf(jacobian, parameter));
      const mixed = matrix.map((weights) =>
        Array.from(rows[0], (_, i) => rows.reduce((sum, row, k) => sum + weights[k] * row[i], 0)),
      );
      result.set(parameter, tf.tensor2d(mixed, [matrix.length, parameter.variable.size]));
      continue;
    }
    result.set(
      parameter,
      tf.tidy(() => tf.matMul(tf.tensor2d(matrix as number[][]), columnsOf(jacobian, parameter))),
    );
  }
}

/** Runs a traced edit on all T rows; those of absent tasks are 0. */
function editBlock<Name extends string>(
  network: Network<Name>,
  surgery: Surgery<Name>,
  jacobian: Jacobian,
  block: readonly OwnedParameter[],
  { present, info }: Standing,
  gathering: Gathering,
  result: Map<OwnedParameter, Tensor2D>,
): void {
  if (!surgery.edit) {
    throw brokenPart(
      network.nameOf(surgery),
      "a surgery must have `mix` or `edit`",
      "it has neither",
    );
  }
  const { edit } = surgery;
  const { pass, assigned } = eagerPass({
    tasks: network.tasks,
    training: true,
    place: info,
    noise: network.noise,
  });
  const parts = tf.tidy(() => {
    const joined = join(jacobian, block, present.length);
    const columns = joined.shape[1];
    const rows = network.tasks.map((_, k): Tensor => {
      const place = present.indexOf(k);
      return place < 0 ? tf.zeros([1, columns]) : tf.slice(joined, [place, 0], [1, columns]);
    });
    const flags: Tensor1D = tf.tensor1d(network.tasks.map((_, k) => (present.includes(k) ? 1 : 0)));
    const edited = edit(tf.concat(rows, 0) as Tensor2D, flags, pass);
    if (edited.shape.join() !== [network.tasks.length, columns].join()) {
      throw brokenPart(
        network.nameOf(surgery),
        `edit must return [${network.tasks.length}, ${columns}]`,
        `got [${edited.shape.join(", ")}]`,
      );
    }
    for (const [variable, value] of assigned) {
      gathering.assigned.set(variable, [tf.keep(tf.clone(value))]);
    }
    const kept = tf.gather(edited, tf.tensor1d([...present], "int32"));
    return tf.split(
      kept,
      block.map(({ variable }) => variable.size),
      1,
    );
  });
  block.forEach((parameter, i) => result.set(parameter, parts[i] as Tensor2D));
}

const columnsOf = (jacobian: Jacobian, parameter: OwnedParameter): Tensor2D =>
  jacobian.get(parameter) as Tensor2D;

function join(jacobian: Jacobian, block: readonly OwnedParameter[], rows: number): Tensor2D {
  return block.length === 0
    ? tf.zeros([rows, 0])
    : tf.tidy(() =>
        tf.concat(
          block.map((parameter) => columnsOf(jacobian, parameter)),
          1,
        ),
      );
}
