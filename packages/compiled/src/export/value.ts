import type { Attributes, DType, Op } from "@polytask/graph";
import type { Dim } from "./dim.ts";

/** Attributes of a node whose lengths along an axis may grow with the batch. */
interface ValueAttributes extends Omit<Attributes, "View" | "Slice" | "Pad"> {
  readonly View: { readonly space: string; readonly at: Dim };
  readonly Slice: { readonly starts: readonly Dim[]; readonly steps: readonly number[] };
  readonly Pad: {
    readonly before: readonly Dim[];
    readonly after: readonly Dim[];
    readonly value: number;
  };
}

/** A node of the graph as it is encoded: every `Node` is one, with all lengths fixed. */
export type Value = { readonly [O in Op]: ValueOf<O> }[Op];

export interface ValueOf<O extends Op> {
  readonly id: number;
  readonly op: O;
  readonly inputs: readonly Value[];
  readonly attributes: ValueAttributes[O];
  readonly shape: readonly Dim[];
  readonly dtype: DType;
}
