import { CONTRACT, type Plugin } from "./plugin.ts";

/**
 * Sums over processes that train the same network on different data: label counts, losses, gradients. What a pass assigns
 * (batch statistics) stays each process's own.
 */
export interface Reducer {
  /** How many processes take part. */
  readonly size: number;
  /** Element-wise sum over all processes, in place or in a new array; every process calls it in the same order. */
  readonly sum: (values: Float32Array) => Promise<Float32Array>;
}

export type ReducerPlugin = Plugin<"reducer", Reducer>;

/** One process: the sum is the value itself. The identity of reducers, and the default. */
export function local(): ReducerPlugin {
  return {
    kind: "reducer",
    name: "reducer-local",
    contract: CONTRACT,
    create: () => ({ size: 1, sum: (values) => Promise.resolve(values) }),
  };
}
