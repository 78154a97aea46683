import * as tf from "@tensorflow/tfjs";
import type { Block } from "./block.ts";
import { checkCount, checkRate } from "./checks.ts";

export interface DropoutOptions {
  /** Length of the last axis of x. */
  readonly input: number;
  /** Probability that a value becomes 0, in [0, 1). 0 changes nothing. */
  readonly rate: number;
}

/**
 * Inverted dropout: x·m/(1 − rate) with m Bernoulli(1 − rate) for every value by itself; x outside training.
 *
 * The mask is made of `pass.noise`, so all tasks of a step see one mask, and a step that is computed again sees it again.
 * x [batch, …, input] in, the same shape out, float32. No parameters, hence neither scope nor name.
 *
 * Srivastava et al., JMLR 15, 2014, section 4, scaled in training rather than in use.
 *
 * @throws POLYTASK_OPTION for a size below 1 or a rate outside [0, 1).
 */
export function dropout<Name extends string>({ input, rate }: DropoutOptions): Block<Name> {
  checkCount("dropout", "input", input);
  checkRate("dropout", "rate", rate);
  return {
    parameters: [],
    shape: [input],
    forward: (x, pass) => {
      if (!pass.training || rate === 0) return x;
      const kept = tf.cast(tf.greaterEqual(pass.noise(x.shape), rate), "float32");
      return tf.mul(x, tf.div(kept, 1 - rate));
    },
  };
}
