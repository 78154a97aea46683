import type { Compute, Numbers } from "../traced.ts";

/** Code that is to mean the same traced as run on tfjs's cpu backend. */
export interface Case {
  readonly f: Compute;
  readonly inputs: readonly Numbers[];
  /** The same by other ops, where tfjs's cpu kernel is itself wrong. */
  readonly meaning?: Compute;
  /**
   * What the traced gradient is held to: tfjs's own on cpu; central differences with this step, where tfjs's is wrong
   * or missing; nothing, where there is none.
   */
  readonly gradient?: "tfjs" | "none" | { readonly differences: number };
}

export type Cases = Readonly<Record<string, Case>>;

/** Right up to rounding: what is differentiated is linear between the two points. */
export const PIECEWISE = { differences: 1 / 16 };
export const SMOOTH = { differences: 1 / 64 };
