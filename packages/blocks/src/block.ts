import type { NamedVariable, Parameter, Pass } from "@polytask/core";
import type { Tensor } from "@tensorflow/tfjs";

/** A part of a network: its parameters, and what it makes of a tensor. */
export interface Block<Name extends string = string> {
  readonly parameters: readonly Parameter<Name>[];
  /** Variables that training sets without a gradient: moving statistics. */
  readonly buffers?: readonly NamedVariable[];
  /** Shape of what `forward` returns for one example, without the batch axis. */
  readonly shape: readonly number[];
  /** x [batch, …] float32 in, [batch, ...shape] float32 out. Ordinary differentiable tfjs ops. */
  readonly forward: (x: Tensor, pass: Pass<Name>) => Tensor;
}

/** A block of several layers, which knows the last of them. */
export interface DeepBlock<Name extends string = string> extends Block<Name> {
  /** Parameters of the last layer that has any; what a model names as `lastShared`. */
  readonly last: readonly Parameter<Name>[];
}

/** What every block is told: what its parameters are called and whom they serve. */
export interface BlockOptions<Name extends string = string> {
  /** Prefix of the parameters' names, unique within the part: "tower/ctr/0". */
  readonly name: string;
  /** Every task whose loss can depend on what this block returns; exact. */
  readonly tasks: readonly Name[];
  /** Prefix of the roles that pair parameters across tasks: "tower/0". Default: no roles. */
  readonly role?: string;
}
