import type { Scalar, Tensor, Variable } from "@tensorflow/tfjs";
import type { Pass } from "./pass.ts";
import type { Needs, Plugin } from "./plugin.ts";
import type { Scope } from "./scope.ts";
import type { SomeTasks } from "./tasks.ts";

/** A variable under a name that is unique within its trainer: the key of its checkpoint entry. */
export interface NamedVariable {
  readonly name: string;
  readonly variable: Variable;
}

/** A trained variable and the tasks whose loss can depend on it. */
export interface Parameter<Name extends string = string> extends NamedVariable {
  /** Exact. Two or more tasks: columns of J; one task: that task's own. */
  readonly tasks: readonly Name[];
  /** Pairs "the same" parameter across tasks: "tower/0/kernel". */
  readonly role?: string;
  /** `rows`: an embedding table, of which a step touches some rows. Default `dense`. */
  readonly layout?: "dense" | "rows";
}

/** What a model reads: one tensor [batch, …], or several by name. */
export type Inputs = Tensor | Readonly<Record<string, Tensor>>;

/** Shapes of one example of what a model reads, without the batch axis. */
export type InputShape = readonly number[] | Readonly<Record<string, readonly number[]>>;

/** Raw scores [batch, ...labelShape, units] of every task in `pass.tasks`. */
export type Outputs<Name extends string = string> = SomeTasks<Name, Tensor>;

/** A forward pass and exact ownership of its parameters. */
export interface Model<Name extends string = string> {
  readonly parameters: readonly Parameter<Name>[];
  /** Variables that training sets without a gradient: moving statistics. */
  readonly buffers?: readonly NamedVariable[];
  /** The last layer in which every task has a gradient: what gradient-balancing weightings measure. Empty: none. */
  readonly lastShared: readonly Variable[];
  /** Ordinary tfjs ops; reads no tensor's value. */
  readonly forward: (inputs: Inputs, pass: Pass<Name>) => Outputs<Name>;
  /** A penalty that belongs to the architecture itself (a tie between networks); added outside J. */
  readonly penalty?: (pass: Pass<Name>) => Scalar;
  readonly needs?: Needs;
}

/** A scope that also knows what the encoder produces. */
export interface ArchitectureScope<Name extends string = string> extends Scope<Name> {
  readonly inputs: InputShape;
}

/** A scope for parts that are made after the network: it also knows the encoder's and the model's parameters. */
export interface PartScope<Name extends string = string> extends Scope<Name> {
  readonly parameters: readonly Parameter<Name>[];
}

export type ArchitecturePlugin<Name extends string = string> = Plugin<
  "architecture",
  Model<Name>,
  ArchitectureScope<Name>
>;
