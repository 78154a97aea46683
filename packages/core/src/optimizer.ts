import * as tf from "@tensorflow/tfjs";
import type { Scalar, Tensor, Variable } from "@tensorflow/tfjs";
import { badOption } from "./errors.ts";
import { CONTRACT, type Plugin, type Stateful } from "./plugin.ts";

/** What an optimizer may decide by. */
export interface ParameterInfo {
  readonly name: string;
  readonly shape: readonly number[];
  readonly role?: string;
  readonly layout: "dense" | "rows";
  readonly tasks: readonly string[];
  readonly owner: "encoder" | "architecture" | "weighting" | "regularizer";
}

/** Limits on the combined gradient, applied after surgery and regularizers. */
export interface Clip {
  /** Scales the whole gradient down to this Euclidean norm. */
  readonly norm?: number;
  /** Cuts every element to [−value, value]. */
  readonly value?: number;
}

/** A name for an update rule, under which an engine may have it as one fused kernel. */
export interface UpdateKernel {
  readonly name: string;
  /** The numbers in the rule that never change; what changes comes as `scalars`. */
  readonly constants: readonly number[];
}

/**
 * What becomes of a row of an embedding table in a step in which its whole gradient is 0. `exact`: the rule is applied
 * to it as to any other, so that momentum goes on and decay goes on. `lazy`: its value and its slots stay as they are.
 * The count is the parameter's in both, and a gradient of 0 is one after surgery, penalties and clipping.
 */
export type RowUpdates = "exact" | "lazy";

/**
 * An update rule written once, as an element-wise function in tfjs ops.
 *
 * A parameter none of whose tasks is present is not updated: its value, slots and count stay.
 */
export interface ElementwiseOptimizer extends Stateful {
  /** Names of the slots, each shaped like its parameter and 0 at the start: ["m", "v"]. */
  readonly slots: readonly string[];
  /** Learning rate of a 0-based step. */
  readonly rate: (step: number) => number;
  /**
   * Float64 numbers that enter `update` as scalars: rate, bias corrections. `count` is the 1-based number of this
   * parameter's update, `rate` the rate of the step.
   */
  readonly scalars: (at: {
    readonly count: number;
    readonly rate: number;
    readonly parameter: ParameterInfo;
  }) => readonly number[];
  readonly update: (
    value: Tensor,
    gradient: Tensor,
    slots: readonly Tensor[],
    scalars: readonly Scalar[],
  ) => { readonly value: Tensor; readonly slots: readonly Tensor[] };
  /** Names `update` to engines that may have a kernel for it; `update` stays the definition. */
  readonly kernel?: UpdateKernel;
  /** For parameters of layout "rows", [rows, …]. Default `exact`. A choice that is not the default belongs into `state`. */
  readonly rows?: RowUpdates;
  readonly clip?: Clip;
}

/** An update rule that keeps its own books: a tf.train optimizer. */
export interface OpaqueOptimizer extends Stateful {
  readonly rate: (step: number) => number;
  /** Updates every variable that has a gradient; null for a parameter whose tasks are absent. */
  readonly apply: (
    gradients: readonly {
      readonly name: string;
      readonly variable: Variable;
      readonly gradient: Tensor | null;
    }[],
  ) => void;
  /** Tensors to be saved, by name; made after the first `apply`. They stay the optimizer's own. */
  readonly tensors?: () => Promise<readonly { readonly name: string; readonly tensor: Tensor }[]>;
  readonly restoreTensors?: (
    tensors: readonly { readonly name: string; readonly tensor: Tensor }[],
  ) => Promise<void>;
  readonly clip?: Clip;
}

export type Optimizer = ElementwiseOptimizer | OpaqueOptimizer;

export type OptimizerPlugin = Plugin<"optimizer", Optimizer>;

export interface SgdOptions {
  readonly learningRate?: number;
}

/**
 * Gradient descent: p ← p − rate·g. The plainest optimizer, and the default.
 *
 * @throws POLYTASK_OPTION for a learning rate that is not positive and finite.
 */
export function sgd(options: SgdOptions = {}): OptimizerPlugin {
  const { learningRate = 0.01 } = options;
  if (!(learningRate > 0 && learningRate < Infinity)) {
    throw badOption("sgd", "learningRate", "a positive number", learningRate);
  }
  return {
    kind: "optimizer",
    name: "sgd",
    contract: CONTRACT,
    create: () => ({
      slots: [],
      kernel: { name: "sgd", constants: [] },
      rate: () => learningRate,
      scalars: ({ rate }) => [rate],
      update: (value, gradient, _slots, [rate]) => ({
        value: tf.sub(value, tf.mul(gradient, rate)),
        slots: [],
      }),
    }),
  };
}
