import type { Node, Op } from "../node.ts";

/** Where structure was lost: the result is right, but takes more time and memory than it might. */
export interface Diagnostic {
  /**
   * `unrolled`: the op was repeated for every task. `dense`: a diagonal is held with all its zeros. `whole`: of rows
   * whose inner products are wanted, more is held at once than was asked for.
   */
  readonly kind: "unrolled" | "dense" | "whole";
  readonly op: Op;
  readonly node: Node;
  readonly reason: string;
}

/** Collects diagnostics. */
export type Report = (kind: Diagnostic["kind"], node: Node, reason: string) => void;
