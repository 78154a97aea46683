import type { Scalar, Tensor, Tensor1D } from "@tensorflow/tfjs";
import type { Outputs, Parameter, PartScope } from "./architecture.ts";
import type { Matrix } from "./matrix.ts";
import type { Pass, StepPlace } from "./pass.ts";
import type { Needs, Plugin, Stateful } from "./plugin.ts";

/** What a penalty may be made of. */
export interface PenaltyInput<Name extends string = string> {
  /** The model's and the encoder's parameters. */
  readonly parameters: readonly Parameter<Name>[];
  /** Exposed activations, by name. */
  readonly activations: Readonly<Record<string, Tensor>>;
  /** Raw scores of the tasks of this group. */
  readonly outputs: Outputs<Name>;
  /** The encoder's prepared columns of this group. */
  readonly columns: Readonly<Record<string, Tensor>>;
  readonly present: Tensor1D;
  readonly pass: Pass<Name>;
}

/** A proximal step on every parameter by itself, after the optimizer's: p ← apply(p, rate). */
export interface ElementwiseProx {
  readonly on: "elements";
  readonly select: <P extends Parameter>(parameters: readonly P[]) => readonly P[];
  /** `rate` is the step's learning rate, a scalar tensor; a scheduled strength comes from `pass.host`. */
  readonly apply: (value: Tensor, rate: Scalar, pass: Pass) => Tensor;
}

/**
 * A proximal step on paired parameters. The K parameters of a group, flattened, are the columns of W [n, K]; from
 * WᵀW [K, K] it gives the matrix M with W ← W·M. Columns of absent tasks take no part.
 */
export interface GramianProx {
  readonly on: "gramian";
  readonly groups: <P extends Parameter>(parameters: readonly P[]) => readonly (readonly P[])[];
  /** On the host, float64; `rate` is the step's learning rate. */
  readonly apply: (gramian: Matrix, rate: number, at: StepPlace) => Matrix;
}

/** A penalty on parameters, activations or outputs; its gradient is added outside J. */
export interface Regularizer<Name extends string = string> extends Stateful {
  readonly variables?: readonly Parameter<Name>[];
  readonly penalty?: (input: PenaltyInput<Name>) => Scalar;
  readonly prox?: ElementwiseProx | GramianProx;
  readonly needs?: Needs;
}

export type RegularizerPlugin<Name extends string = string> = Plugin<
  "regularizer",
  Regularizer<Name>,
  PartScope<Name>
>;
