import type { EngineState, StepInfo } from "@polytask/core";
import type { Moving } from "./combine.ts";
import type { Mixing, Standing } from "./operate.ts";

/** Where parameters, slots and gradients are, and what moves them there. */
export interface Holding<Name extends string = string> {
  /** Makes the gradient of what surgery made of the rows. */
  readonly combine: (standing: Standing, mixing: Mixing) => Promise<void>;
  /**
   * One step on the parameters that move, and on the buffers that were assigned.
   *
   * @throws POLYTASK_NON_FINITE naming the first parameter whose gradient is not finite, before anything has moved.
   */
  readonly move: (moving: readonly Moving<Name>[], rate: number, info: StepInfo) => Promise<void>;
  /** After a step, whatever became of it. */
  readonly reset: () => void;
  /** Writes the network's variables, where they lag behind. */
  readonly flush: () => Promise<void>;
  readonly save: () => Promise<EngineState>;
  readonly load: (state: EngineState) => Promise<void>;
  /** To be called before programs are released. */
  readonly dispose: () => void;
}
