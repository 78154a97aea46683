import type { Values } from "@polytask/compiled";
import type { DType, Shape } from "@polytask/graph";
import type { Provider } from "./provider.ts";

/** Where models are loaded and run: this thread, or one of their own. */
export interface Host {
  readonly provider: Provider | undefined;
  readonly load: (bytes: Uint8Array, options: LoadOptions) => Promise<Model>;
  /** To be called when all models have been released; ends the thread, if there is one. */
  readonly close: () => Promise<void>;
}

export interface LoadOptions {
  /** As for a session. */
  readonly planned: boolean;
  /**
   * Whether it is so little that one thread does it: a session's other threads spin for a while after a run, on processors
   * that the step's own threads need next.
   */
  readonly little: boolean;
}

/** A loaded model. */
interface Model {
  /**
   * Fixes where a run reads and writes. Memory that threads share is read and written where it lies by every host; a host
   * in another thread copies all other arrays to and fro.
   */
  readonly bind: (feeds: readonly (Slot | Bound)[], fetches: readonly Bound[]) => Call;
  readonly release: () => Promise<void>;
}

/** Runs a model once; `given` are the arrays of those inputs that are bound to none, by name. */
export type Call = (given: ReadonlyMap<string, Values>) => Promise<void>;

/** An input or output of a model. */
export interface Slot {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** And where its numbers lie. */
export interface Bound extends Slot {
  readonly values: Values;
}
