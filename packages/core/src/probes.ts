import type { Tensor } from "@tensorflow/tfjs";
import type { SomeTasks } from "./tasks.ts";

/** Which examples a probe looks at: those of the step, those of the next one, or a validation batch. */
export type ProbeBatch = "same" | "next" | "validation";

/** Where a probe looks: at the parameters as they are, or displaced by tensors, by parameter name. */
export type ProbePlace = "now" | Readonly<Record<string, Tensor>>;

/**
 * Looks at losses and gradients beside the step's own. A probe assigns nothing, advances no random stream, and sees the
 * step's noise.
 */
export interface Probes<Name extends string = string> {
  readonly losses: (look: {
    readonly batch: ProbeBatch;
    readonly at: ProbePlace;
  }) => Promise<SomeTasks<Name, number>>;
  /** Gradient of Σ_k w_k·L_k by parameter name; tensors the caller disposes. */
  readonly gradient: (look: {
    readonly batch: ProbeBatch;
    readonly weights: SomeTasks<Name, number>;
    readonly at: ProbePlace;
  }) => Promise<Readonly<Record<string, Tensor>>>;
}
