import type { Network } from "@polytask/core";
import {
  type JacobianBlock,
  type Layout,
  type NodeOf,
  sizeOf,
  slotSpace,
  SPACE,
} from "@polytask/graph";
import { createArena, createKernels, type Kernels, regionBytes } from "./kernels/index.ts";
import { ROWS } from "./tables.ts";
import { hasPenalties } from "./wishes.ts";

/** Numbers that graphs read and write by the name of their space. */
export type Values = Float32Array | Int32Array | Uint8Array;

/** What a view reads of its memory. */
export const pieceOf = (values: Values, { attributes: { at }, shape }: NodeOf<"View">): Values =>
  values.subarray(at, at + sizeOf(shape));

/** Names of the memories that steps write, beside those they read. */
export const OUT = {
  /** Gradients, laid out like the parameters: what update rules read. */
  gradients: "gradients",
  /** Gradients of penalties, where tasks have rows of their own. */
  rest: "rest",
  jacobian: "jacobian",
  lastShared: "last shared",
  losses: "losses out",
  weights: "weights out",
  assigned: "assigned",
} as const;

/** What a step may need beyond parameters, gradients and slots. */
export interface MemoryWish {
  /** One gradient per task. */
  readonly rows: boolean;
  /** Room for a second group, which is then added to the first. */
  readonly staging: boolean;
  /** Rows of tables that a group looks up, and numbers in them. */
  readonly lookups: { readonly ids: number; readonly updates: number };
}

/** Whether a memory made for one wish serves another. */
export const serves = (made: MemoryWish, wish: MemoryWish): boolean =>
  (made.rows || !wish.rows) &&
  (made.staging || !wish.staging) &&
  made.lookups.ids >= wish.lookups.ids &&
  made.lookups.updates >= wish.lookups.updates;

/** What serves both. */
export const bothWishes = (a: MemoryWish, b: MemoryWish): MemoryWish => ({
  rows: a.rows || b.rows,
  staging: a.staging || b.staging,
  lookups: {
    ids: Math.max(a.lookups.ids, b.lookups.ids),
    updates: Math.max(a.lookups.updates, b.lookups.updates),
  },
});

/** Everything that one trainer's steps keep, in one arena. */
export interface Memory {
  readonly wish: MemoryWish;
  readonly kernels: Kernels;
  readonly parameters: Float32Array;
  readonly gradients: Float32Array;
  readonly rest: Float32Array;
  readonly jacobian: Float32Array;
  readonly lastShared: Float32Array;
  readonly buffers: Float32Array;
  readonly assigned: Float32Array;
  readonly losses: Float32Array;
  readonly weights: Float32Array;
  readonly slots: readonly Float32Array[];
  /** Looked-up rows of a group; lists of touched rows from a table's own place on; marks for the tallest table. */
  readonly rowIds: Int32Array;
  readonly rowUpdates: Float32Array;
  readonly rowLists: Int32Array;
  readonly rowMarks: Int32Array;
  /** Scratch for one number per task pair, and per task. */
  readonly products: Float64Array;
  readonly factors: Float32Array;
  /** What programs read and write. */
  readonly spaces: ReadonlyMap<string, Values>;
  /** The same outputs for a second group. */
  readonly staging: ReadonlyMap<string, Values>;
}

export interface MemoryOptions {
  readonly simd: boolean;
  /** Whether a worker thread reads and writes it too. */
  readonly worker: boolean;
}

/** Lays the memory out and clears it. */
export function createMemory<Name extends string>(
  network: Network<Name>,
  layout: Layout,
  wish: MemoryWish,
  slots: readonly string[],
  options: MemoryOptions,
): Memory {
  const tasks = network.tasks.length;
  const tables = layout.parameters.filter(({ of }) => of.info.layout === "rows");
  const sizes = {
    parameters: layout.parameterSize,
    buffers: layout.bufferSize,
    factors: tasks,
    rowIds: wish.lookups.ids,
    rowUpdates: wish.lookups.updates,
    // A table's list starts where the table itself does: never longer, and no two overlap.
    rowLists: tables.length > 0 ? layout.parameterSize : 0,
    rowMarks: Math.max(0, ...tables.map(({ variable }) => variable.shape[0])),
  };
  const outputs: readonly (readonly [string, number])[] = [
    [OUT.gradients, layout.parameterSize],
    [OUT.rest, hasPenalties(network) && wish.rows ? layout.parameterSize : 0],
    [OUT.jacobian, wish.rows ? layout.jacobianSize : 0],
    [OUT.lastShared, layout.lastSharedSize],
    [OUT.assigned, layout.bufferSize],
    [OUT.losses, tasks],
    [OUT.weights, tasks],
  ];
  const staged = wish.staging ? outputs : [];
  const counts = [
    ...Object.values(sizes),
    ...outputs.map(([, size]) => size),
    ...staged.map(([, size]) => size),
    ...slots.map(() => layout.parameterSize),
  ];
  const bytes =
    counts.reduce((sum, count) => sum + regionBytes(count), 0) + regionBytes(tasks * tasks, 8);
  const arena = createArena(bytes, { shared: options.worker });
  const kernels = createKernels(arena, { simd: options.simd });

  const parameters = arena.float32(sizes.parameters);
  const buffers = arena.float32(sizes.buffers);
  const factors = arena.float32(sizes.factors);
  const rowIds = arena.int32(sizes.rowIds);
  const rowUpdates = arena.float32(sizes.rowUpdates);
  const rowLists = arena.int32(sizes.rowLists);
  const rowMarks = arena.int32(sizes.rowMarks);
  const out = new Map(outputs.map(([name, size]) => [name, arena.float32(size)] as const));
  const staging = new Map(staged.map(([name, size]) => [name, arena.float32(size)] as const));
  const slotMemory = slots.map(() => arena.float32(layout.parameterSize));
  const of = (name: string): Float32Array => out.get(name) as Float32Array;
  return {
    wish,
    kernels,
    parameters,
    buffers,
    factors,
    rowIds,
    rowUpdates,
    rowLists,
    rowMarks,
    gradients: of(OUT.gradients),
    rest: of(OUT.rest),
    jacobian: of(OUT.jacobian),
    lastShared: of(OUT.lastShared),
    assigned: of(OUT.assigned),
    losses: of(OUT.losses),
    weights: of(OUT.weights),
    slots: slotMemory,
    products: arena.float64(tasks * tasks),
    spaces: new Map<string, Values>([
      [SPACE.parameters, parameters],
      [SPACE.buffers, buffers],
      [ROWS.ids, rowIds],
      [ROWS.updates, rowUpdates],
      ...out,
      ...slots.map((slot, i) => [slotSpace(slot), slotMemory[i]] as const),
    ]),
    staging,
  };
}

/** The rows of one block, in a memory of rows. */
export const rowsOf = (memory: Float32Array, { at, rows, size }: JacobianBlock): Float32Array =>
  memory.subarray(at, at + rows.length * size);
