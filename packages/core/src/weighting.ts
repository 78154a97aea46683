import type { Tensor1D } from "@tensorflow/tfjs";
import type { Parameter } from "./architecture.ts";
import type { Pass } from "./pass.ts";
import { CONTRACT, type Needs, type Plugin, type Stateful } from "./plugin.ts";
import type { Probes } from "./probes.ts";
import type { EpochReport, StepReport } from "./report.ts";
import type { Scope } from "./scope.ts";

/**
 * Turns losses into weighted losses.
 *
 * The step descends Σ_k weigh(L)_k; its derivative c_k = ∂(Σ_j weigh(L)_j)/∂L_k is task k's effective weight, and row
 * k of J is c_k·∇L_k.
 */
export interface Weighting<Name extends string = string> extends Stateful {
  /**
   * Losses [T] and `present` [T] of 0 and 1 in, weighted losses [T] out. An absent task's loss reads 1, and what is
   * returned for it is dropped.
   */
  readonly weigh: (losses: Tensor1D, present: Tensor1D, pass: Pass<Name>) => Tensor1D;
  /** Trained with the model and never decayed; one variable per task lets an absent task's keep its value. */
  readonly variables?: readonly Parameter<Name>[];
  /** Names the formula in use, where it changes in the course of training (a warm-up). */
  readonly phase?: () => string;
  /** Host side, after each step; `probes` where `needs.probes` asks for them. */
  readonly observe?: (report: StepReport<Name>, probes?: Probes<Name>) => void | Promise<void>;
  /** Host side, after each epoch. */
  readonly observeEpoch?: (report: EpochReport<Name>) => void;
  readonly needs?: Needs;
}

export type WeightingPlugin<Name extends string = string> = Plugin<
  "weighting",
  Weighting<Name>,
  Scope<Name>
>;

/**
 * The sum of the losses: weigh(L) = L, all weights 1. The identity of weightings, and the default.
 *
 * A sum, not a mean: adding a task does not change the step that the others take.
 */
export function equal<Name extends string>(): WeightingPlugin<Name> {
  return {
    kind: "weighting",
    name: "weighting-equal",
    contract: CONTRACT,
    create: () => ({ weigh: (losses) => losses }),
  };
}
