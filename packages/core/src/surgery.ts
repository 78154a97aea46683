import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs";
import type { NamedVariable, Parameter, PartScope } from "./architecture.ts";
import { badOption } from "./errors.ts";
import { identityMatrix, type Matrix } from "./matrix.ts";
import type { Pass } from "./pass.ts";
import { CONTRACT, type Needs, type Plugin, type Stateful } from "./plugin.ts";

/** What host-side surgery sees of one block of parameters: the tasks present in this step, and no others. */
export interface MixInput<Name extends string = string> {
  /** G = J·Jᵀ of the weighted losses, [present, present], float64. */
  readonly gramian: Matrix;
  /** J₁·J₂ᵀ of two independent batches, [present, present]; where `needs.cross` asks for it. */
  readonly cross?: Matrix;
  /** Raw losses of the present tasks. */
  readonly losses: readonly number[];
  readonly present: readonly Name[];
  /** Index of the block, 0 where the surgery has no `blocks`. */
  readonly block: number;
  /** 0-based number of the step. */
  readonly step: number;
}

/** Edits the rows of J, one row per task, over the parameters that several tasks share. Give `mix` or `edit`. */
export interface Surgery<Name extends string = string> extends Stateful {
  /**
   * Where the rows are gradients at: the shared parameters (default), or an exposed activation, whose edited cotangents
   * then go through one backward pass of what lies below.
   */
  readonly at?: "parameters" | { readonly activation: string };
  /** Groups of parameters that are treated apart (per layer). Default: all of them together. */
  readonly blocks?: <P extends Parameter>(parameters: readonly P[]) => readonly (readonly P[])[];
  /** On the host: the matrix C, [present, present]; row i of C·J is the edited gradient of task i. */
  readonly mix?: (input: MixInput<Name>) => Matrix;
  /** Traced: J [T, P] and `present` [T] in, edited J [T, P] out. Absent rows are 0 and stay so. */
  readonly edit?: (jacobian: Tensor2D, present: Tensor1D, pass: Pass<Name>) => Tensor2D;
  /** Saved with the trainer; `edit` sets them through `pass.assign`. */
  readonly buffers?: readonly NamedVariable[];
  readonly needs?: Needs;
}

export type SurgeryPlugin<Name extends string = string> = Plugin<
  "surgery",
  Surgery<Name>,
  PartScope<Name>
>;

/** Leaves J as it is: C = I. The identity of surgeries; for comparison, since no surgery at all costs one backward. */
export function identity<Name extends string>(): SurgeryPlugin<Name> {
  return {
    kind: "surgery",
    name: "surgery-identity",
    contract: CONTRACT,
    create: () => ({ mix: ({ present }) => identityMatrix(present.length) }),
  };
}

/**
 * Surgeries one after another: J → C₁·J → C₂·C₁·J → … Each sees the rows and the Gramian that the one before it left.
 *
 * @throws POLYTASK_OPTION without a surgery.
 */
export function chain<Name extends string>(
  ...links: readonly SurgeryPlugin<Name>[]
): readonly SurgeryPlugin<Name>[] {
  if (links.length === 0) throw badOption("chain", "links", "at least one surgery", []);
  return links;
}
