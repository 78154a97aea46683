import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";

/** The tfjs scope that `constant` opens: a tensor written anywhere inside it is meant to be fixed. */
export const CONSTANT_SCOPE = "constant";

/**
 * In code that is traced, a tensor made of fixed numbers: `constant(() => tf.tensor1d([0.5, 1, 2]))`.
 *
 * An engine that records a step and replays it would keep the numbers of the first step for ever, so it refuses a
 * tensor that a part makes of numbers unless the part says, by this, that they are the same in every step. Numbers that
 * change enter through `pass.host`. Not needed for numbers that are an op's operand (`tf.mul(x, 2)`), nor for what has
 * no numbers of its own (`tf.fill`, `tf.zerosLike`, `tf.range`); `tf.zeros`, `tf.ones` and `tf.eye` do write numbers.
 *
 * Runs as a `tf.tidy`: what `make` returns lives on, the rest is disposed.
 */
export const constant = <T extends Tensor>(make: () => T): T => tf.tidy(CONSTANT_SCOPE, make);
