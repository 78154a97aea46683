import {
  columnSums,
  identityMatrix,
  type Matrix,
  multiply,
  type Network,
  type OwnedParameter,
  type StepInfo,
  type Surgery,
  transpose,
} from "@polytask/core";
import { checkMatrix, checkPartition, nonFinite } from "@polytask/core/engine";
import type { JacobianBlock, Layout } from "@polytask/graph";
import { type Memory, rowsOf } from "./memory.ts";

/** Where a step stands when its gradients are combined; arrays over all tasks, `present` their indices. */
export interface Standing {
  readonly present: readonly number[];
  readonly weights: readonly number[];
  readonly losses: readonly number[];
  readonly info: StepInfo;
}

/** What is to become of J: the rows that stand after the surgeries so far are C·diag(w)·J, block by block. */
export type Mixing = ReadonlyMap<JacobianBlock, Matrix>;

/** Edits J itself: where a surgery is traced, the mixing so far is carried out, and starts anew. */
export type Edit = (
  surgery: number,
  blocks: readonly JacobianBlock[],
  mixing: Mixing,
) => Promise<void>;

/** Up to so many columns G is summed in float64 from the first product: exact where nearly opposed gradients cancel. */
const SMALL = 1024;

/**
 * All surgeries, on Gramians alone: a link that mixes rows by M turns C into M·C, and G into M·G·Mᵀ. Nothing of the size
 * of J is touched until the sum of its edited rows is formed.
 *
 * @throws POLYTASK_BROKEN_PART for blocks that are no partition, or a matrix of another shape or with holes.
 * POLYTASK_NON_FINITE naming the task whose gradient is not finite.
 */
export async function operate<Name extends string>(
  network: Network<Name>,
  layout: Layout<Name>,
  memory: Memory,
  standing: Standing,
  edit: Edit,
): Promise<{ readonly mixing: Mixing; readonly gramian?: Matrix }> {
  const { surgeries, needs, tasks } = network;
  const { present, weights, losses, info } = standing;
  const start = present.map((k, i) => present.map((_, j) => (i === j ? weights[k] : 0)));
  let mixing: Mixing = new Map(layout.jacobian.map((block) => [block, start]));
  const gramians = gramianMemo(layout, memory, standing);
  const gramianOf = (blocks: readonly JacobianBlock<Name>[]): Matrix => {
    const result = mixedGramian(blocks, mixing, gramians.of, present.length);
    const bad = result.findIndex((row, i) => !Number.isFinite(row[i]));
    if (bad >= 0) throw nonFinite("gradient", tasks[present[bad]], info.step, result[bad][bad]);
    return result;
  };
  const whole =
    needs.gramian || (surgeries.length > 0 && !surgeries[0].blocks)
      ? gramianOf(layout.jacobian)
      : undefined;

  for (const [place, surgery] of surgeries.entries()) {
    const groups = partition(network, layout, surgery);
    const next = new Map<JacobianBlock, Matrix>();
    for (const [index, blocks] of groups.entries()) {
      if (!surgery.mix) {
        await edit(place, blocks, mixing);
        for (const block of blocks) next.set(block, identityMatrix(present.length));
        gramians.forget();
        continue;
      }
      const known = place === 0 && groups.length === 1 ? whole : undefined;
      const matrix = surgery.mix({
        gramian: known ?? gramianOf(blocks),
        losses: present.map((k) => losses[k]),
        present: present.map((k) => tasks[k]),
        block: index,
        step: info.step,
      });
      checkMatrix(network.nameOf(surgery), matrix, present.length);
      const products = new Map<Matrix, Matrix>();
      for (const block of blocks) {
        const before = mixing.get(block) ?? start;
        const product = products.get(before) ?? multiply(matrix, before);
        products.set(before, product);
        next.set(block, product);
      }
    }
    mixing = next;
  }
  return { mixing, ...(whole && { gramian: whole }) };
}

/** What every row of J weighs in the sum of the edited rows, for the rows of one block. */
export function rowWeights(
  block: JacobianBlock,
  matrix: Matrix,
  present: readonly number[],
): number[] {
  const sums = columnSums(matrix);
  return block.rows.map((task) => {
    const place = present.indexOf(task);
    return place < 0 ? 0 : sums[place];
  });
}

/** The blocks that a surgery treats together. */
function partition<Name extends string>(
  network: Network<Name>,
  layout: Layout<Name>,
  surgery: Surgery<Name>,
): readonly (readonly JacobianBlock<Name>[])[] {
  if (!surgery.blocks) return [layout.jacobian];
  // In the network's order, as every engine shows them.
  const shared = network.parameters.filter(({ tasks }) => tasks.length > 1);
  const blockOf = new Map<OwnedParameter<Name>, JacobianBlock<Name>>(
    layout.jacobian.map((block) => [block.of, block]),
  );
  const groups = surgery.blocks(shared);
  checkPartition(network.nameOf(surgery), groups, shared);
  return groups.map((group) =>
    group.map((parameter) => blockOf.get(parameter) as JacobianBlock<Name>),
  );
}

/** Σ over the blocks of C·G·Cᵀ, blocks of one C together. */
function mixedGramian(
  blocks: readonly JacobianBlock[],
  mixing: Mixing,
  gramianOf: (blocks: readonly JacobianBlock[]) => Matrix,
  size: number,
): Matrix {
  const alike = new Map<Matrix, JacobianBlock[]>();
  for (const block of blocks) {
    const matrix = mixing.get(block) as Matrix;
    alike.set(matrix, [...(alike.get(matrix) ?? []), block]);
  }
  const nothing: Matrix = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  return [...alike].reduce<Matrix>((sum, [matrix, group]) => {
    const term = multiply(multiply(matrix, gramianOf(group)), transpose(matrix));
    return sum.map((row, i) => row.map((value, j) => value + term[i][j]));
  }, nothing);
}

/** G = J·Jᵀ of the raw rows of some blocks, over the tasks present; each asked for once. */
function gramianMemo(
  layout: Layout,
  memory: Memory,
  { present }: Standing,
): { readonly of: (blocks: readonly JacobianBlock[]) => Matrix; readonly forget: () => void } {
  const known = new Map<string, Matrix>();
  return {
    of: (blocks) => {
      const key = blocks.map(({ at }) => at).join();
      const result =
        known.get(key) ?? rawGramian(layout, memory, memory.jacobian, { blocks, present });
      known.set(key, result);
      return result;
    },
    forget: () => {
      known.clear();
    },
  };
}

/** G = J·Jᵀ over the tasks present, of what was gathered. */
function rawGramian(
  { kept }: Layout,
  memory: Memory,
  gathered: Float32Array,
  of: { readonly blocks: readonly JacobianBlock[]; readonly present: readonly number[] },
): number[][] {
  const { blocks, present } = of;
  const result = present.map(() => new Array<number>(present.length).fill(0));
  const columns = blocks.reduce((sum, { size }) => sum + size, 0);
  for (const block of blocks) {
    const { at, rows } = block;
    const products =
      kept === "gramians"
        ? gathered.subarray(at, at + rows.length ** 2)
        : productsOf(memory, rowsOf(gathered, block), rows.length, columns <= SMALL);
    const places = rows.map((task) => present.indexOf(task));
    places.forEach((i, a) => {
      places.forEach((j, b) => {
        if (i >= 0 && j >= 0) result[i][j] += products[a * rows.length + b];
      });
    });
  }
  return result;
}

/** The inner products of rows that lie in memory. */
function productsOf(
  { kernels, products }: Memory,
  values: Float32Array,
  rows: number,
  exact: boolean,
): Float64Array {
  const out = products.subarray(0, rows * rows);
  if (exact) exactProducts(values, rows, out);
  else kernels.gramian(values, rows, out, "set");
  return out;
}

/** The same for few columns, in float64 throughout. */
function exactProducts(values: Float32Array, rows: number, out: Float64Array): void {
  const columns = values.length / rows;
  for (let a = 0; a < rows; a++) {
    for (let b = 0; b <= a; b++) {
      let sum = 0;
      for (let i = 0; i < columns; i++) sum += values[a * columns + i] * values[b * columns + i];
      out[a * rows + b] = sum;
      out[b * rows + a] = sum;
    }
  }
}

/** ‖∇_W L_k‖₂ of the raw losses at the model's last shared layer, for every task. */
export function lastSharedNorms<Name extends string>(
  network: Network<Name>,
  layout: Layout<Name>,
  memory: Memory,
): number[] {
  const everyone = network.tasks.map((_, k) => k);
  const raw = rawGramian(layout, memory, memory.lastShared, {
    blocks: layout.lastShared,
    present: everyone,
  });
  return raw.map((row, k) => Math.sqrt(row[k]));
}
