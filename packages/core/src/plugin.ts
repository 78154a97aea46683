import type { Scope } from "./scope.ts";

/** The major version of the contracts in this core. A plugin states the one it was written for. */
export const CONTRACT = 1;

/**
 * A part of a trainer, still unmade: a plain value returned by a lower-case factory.
 *
 * `create` runs once per trainer, so one plugin value in two trainers shares nothing.
 */
export interface Plugin<Kind extends string, Value, In = Scope> {
  readonly kind: Kind;
  /** The package's name without its scope, kebab case: "surgery-mine". */
  readonly name: string;
  readonly contract: typeof CONTRACT;
  readonly create: (scope: In) => Value | Promise<Value>;
}

/** Host-side state of a part, as JSON: it goes into checkpoints. Variables are saved by the core. */
export type State =
  null | boolean | number | string | readonly State[] | { readonly [key: string]: State };

/** A part that learns on the host saves and restores what it learnt. */
export interface Stateful {
  readonly state?: () => State;
  readonly restore?: (state: State) => void;
}

/**
 * What a part asks of the rest of the trainer; paid for only when asked. Checked while wiring, but for activations,
 * which show in the first step.
 */
export interface Needs {
  /** At least this many tasks. */
  readonly tasks?: number;
  /** `report.lastSharedNorms`: ‖∇_W L_k‖₂ of every raw loss at the model's `lastShared` variables W. */
  readonly lastSharedNorms?: boolean;
  /** `report.gramian`: G = J·Jᵀ of the weighted losses, also when no surgery is on. */
  readonly gramian?: boolean;
  /** Names that the model must `expose`. */
  readonly activations?: readonly string[];
  /** `mix` is given `cross`, J₁·J₂ᵀ of two independent batches. */
  readonly cross?: boolean;
  /** `observe` is given probes: losses and gradients at another place or on another batch. */
  readonly probes?: boolean;
}

/** What an engine may or may not be able to do; a part that needs what its engine lacks is refused while wiring. */
export type Capability = "activation surgery" | "cross" | "probes";
