import type { Network } from "@polytask/core";
import { type JacobianBlock, type Layout, slotSpace, SPACE } from "@polytask/graph";
import { createArena, createKernels, type Kernels, regionBytes } from "./kernels/index.ts";

/** Numbers that graphs read and write by the name of their space. */
export type Values = Float32Array | Int32Array | Uint8Array;

/** Names of the memories that steps write, beside those they read. */
export const OUT = {
  /** Gradients, laid out like the parameters: what update rules read. */
  gradients: "gradients",
  /** Gradients of penalties, where tasks have rows of their own. */
  rest: "rest",
  jacobian: "jacobian",
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
}

/** Everything that one trainer's steps keep, in one arena. */
export interface Memory {
  readonly wish: MemoryWish;
  readonly kernels: Kernels;
  readonly parameters: Float32Array;
  readonly gradients: Float32Array;
  readonly rest: Float32Array;
  readonly jacobian: Float32Array;
  readonly buffers: Float32Array;
  readonly assigned: Float32Array;
  readonly losses: Float32Array;
  readonly weights: Float32Array;
  readonly slots: readonly Float32Array[];
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
  const penalties = network.model.penalty ?? network.regularizers.some(({ penalty }) => penalty);
  const jacobianSize =
    wish.rows || network.needs.lastSharedNorms ? Math.max(1, layout.jacobianSize) : 1;
  const sizes = {
    parameters: layout.parameterSize,
    buffers: layout.bufferSize,
    factors: tasks,
  };
  const outputs: readonly (readonly [string, number])[] = [
    [OUT.gradients, layout.parameterSize],
    [OUT.rest, penalties && wish.rows ? layout.parameterSize : 1],
    [OUT.jacobian, jacobianSize],
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
  const arena = createArena(bytes);
  const kernels = createKernels(arena, { simd: options.simd });

  const parameters = arena.float32(sizes.parameters);
  const buffers = arena.float32(sizes.buffers);
  const factors = arena.float32(sizes.factors);
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
    gradients: of(OUT.gradients),
    rest: of(OUT.rest),
    jacobian: of(OUT.jacobian),
    assigned: of(OUT.assigned),
    losses: of(OUT.losses),
    weights: of(OUT.weights),
    slots: slotMemory,
    products: arena.float64(tasks * tasks),
    spaces: new Map<string, Values>([
      [SPACE.parameters, parameters],
      [SPACE.buffers, buffers],
      ...out,
      ...slots.map((slot, i) => [slotSpace(slot), slotMemory[i]] as const),
    ]),
    staging,
  };
}

/** The rows of J of one shared parameter. */
export const rowsOf = (
  { jacobian }: Pick<Memory, "jacobian">,
  { at, rows, size }: JacobianBlock,
): Float32Array => jacobian.subarray(at, at + rows.length * size);
